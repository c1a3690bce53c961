-- The requests of wrk: each body has a number of its own wherever its file says @N@, and each answer is looked at.
-- Arguments: the API key, the origin, the file with the body, the text that a good answer holds, the first number.

local key, origin, pieces, wanted
local number = 0
local threads = {}
answers, unexpected = 0, 0

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  key, origin, wanted, number = args[1], args[2], args[4], tonumber(args[5])
  local file = assert(io.open(args[3], "rb"))
  local text = file:read("*a")
  file:close()
  pieces = {}
  for piece in (text .. "@N@"):gmatch("(.-)@N@") do
    table.insert(pieces, piece)
  end
  wrk.method = "POST"
  wrk.headers["content-type"] = "application/json"
  wrk.headers["x-api-key"] = key
  wrk.headers["origin"] = origin
end

function request()
  number = number + 1
  return wrk.format(nil, nil, nil, table.concat(pieces, string.format("%d", number)))
end

function response(status, headers, body)
  answers = answers + 1
  if status ~= 200 or not string.find(body, wanted, 1, true) then
    unexpected = unexpected + 1
  end
end

function done(summary, latency, requests)
  local good, bad = 0, 0
  for _, thread in ipairs(threads) do
    good = good + thread:get("answers")
    bad = bad + thread:get("unexpected")
  end
  local errors = summary.errors
  io.write(string.format(
    "JSON {\"answers\": %d, \"unexpected\": %d, \"broken\": %d, \"seconds\": %f, \"p50_ms\": %f, \"p99_ms\": %f}\n",
    good, bad, errors.connect + errors.read + errors.write + errors.timeout, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
