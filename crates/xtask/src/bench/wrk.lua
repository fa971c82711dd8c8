-- The script of wrk. Arguments: TOKENS PATH FIRST LAST. Each request has a random token of the file TOKENS, and PATH
-- followed by a random number from FIRST to LAST.

local threads = 0

function setup(thread)
    thread:set("id", threads)
    threads = threads + 1
end

function init(arguments)
    local heads = {}
    for token in io.lines(arguments[1]) do
        heads[#heads + 1] = " HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " .. token .. "\r\n\r\n"
    end
    local path, first, last = "GET " .. arguments[2], tonumber(arguments[3]), tonumber(arguments[4])
    math.randomseed(os.time() * 16 + id)
    request = function()
        return path .. math.random(first, last) .. heads[math.random(#heads)]
    end
end

-- Prints: reported REQUESTS SECONDS FAILURES REJECTED P50 P99 BYTES, with latencies in microseconds.
function done(summary, latency)
    local errors = summary.errors
    local failures = errors.connect + errors.read + errors.write + errors.timeout
    print(string.format(
        "reported %d %.6f %d %d %d %d %.0f",
        summary.requests, summary.duration / 1e6, failures, errors.status, latency:percentile(50), latency:percentile(99),
        summary.bytes
    ))
end
