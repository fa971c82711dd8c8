# Cleans up after xtask, in whatever way xtask ends: standard input is a pipe that only xtask holds open.
# Until then it takes orders, a line each:
#   step GROUP      the process group of the running step, or none; a later one replaces the earlier
#   server GROUP    the process group of a server, one more
#   ended GROUP     that of a server which is no more
#   directory PATH  what the servers write, one more

trap '' HUP INT QUIT TERM

step='' servers='' directories=''
newline='
'
while read -r order value; do
    case $order in
        step) step=$value ;;
        server) servers="$servers $value" ;;
        ended)
            others=''
            for server in $servers; do
                [ "$server" = "$value" ] || others="$others $server"
            done
            servers=$others
            ;;
        directory) directories="$directories$value$newline" ;;
    esac
done

# True when one of the process groups after $1 was there to receive the signal $1.
signal() {
    signal=$1 received=1
    shift
    for group; do
        kill -s "$signal" -- "-$group" 2>/dev/null && received=0
    done
    return $received
}

sweep() {
    printf '%s' "$directories" | while read -r directory; do
        rm -rf -- "$directory" 2>/dev/null || return 1
    done
}

# The lists are split into words: process groups are numbers.
# shellcheck disable=SC2086
{
    signal TERM $step
    signal QUIT $servers # PostgreSQL's "now": no farewell to clients, no last writes
    patience=30
    until sweep && ! signal 0 $step $servers; do
        [ "$patience" -gt 0 ] || break
        patience=$((patience - 1))
        sleep 0.1
    done
    signal KILL $step $servers
}
sweep
