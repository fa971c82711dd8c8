# Cleans up after xtask, in whatever way xtask ends: standard input is a pipe that only xtask holds open.
# Until then it takes orders, a line each, a later one of a kind replacing the earlier:
#   step GROUP      the process group of the running step, or none
#   server GROUP    the process group of the PostgreSQL server
#   directory PATH  what the server wrote

trap '' HUP INT QUIT TERM

step='' server='' directory=''
while read -r order value; do
    case $order in
        step) step=$value ;;
        server) server=$value ;;
        directory) directory=$value ;;
    esac
done

# True when the process group $2, if any, was there to receive the signal $1.
signal() {
    [ -n "$2" ] && kill -s "$1" -- "-$2" 2>/dev/null
}

sweep() {
    [ -z "$directory" ] || rm -rf -- "$directory" 2>/dev/null
}

signal TERM "$step"
signal QUIT "$server" # PostgreSQL's "now": no farewell to clients, no last writes
patience=30
until sweep && ! signal 0 "$step" && ! signal 0 "$server"; do
    [ "$patience" -gt 0 ] || break
    patience=$((patience - 1))
    sleep 0.1
done
signal KILL "$step"
signal KILL "$server"
sweep
