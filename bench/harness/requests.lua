-- The requests of wrk: each body has a number of its own wherever its file says @N@, and each answer is looked at.
-- Arguments: a file with headers, one with the body, the text that a good answer holds, the first number, and how many
-- requests a second there are to be (0: as many as there can be).

local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds, microseconds; } moment; int gettimeofday(moment *, void *);")

local pieces, wanted, pause
local number, due = 0, 0
local now = ffi.new("moment")
local threads = {}
answers, unexpected = 0, 0

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  wanted, number = args[3], tonumber(args[4])
  pause = tonumber(args[5]) > 0 and 1000 / tonumber(args[5]) or 0
  local file = assert(io.open(args[2], "rb"))
  local text = file:read("*a")
  file:close()
  pieces = {}
  for piece in (text .. "@N@"):gmatch("(.-)@N@") do
    table.insert(pieces, piece)
  end
  wrk.method = "POST"
  wrk.headers["content-type"] = "application/json"
  for line in io.lines(args[1]) do
    local name, value = line:match("^(.-): (.*)$")
    wrk.headers[name] = value
  end
end

local function milliseconds()
  ffi.C.gettimeofday(now, nil)
  return tonumber(now.seconds) * 1000 + tonumber(now.microseconds) / 1000
end

function delay()
  if pause == 0 then
    return 0
  end
  local present = milliseconds()
  due = math.max(due + pause, present - 100)
  return math.max(0, due - present)
end

function request()
  number = number + 1
  return wrk.format(nil, nil, nil, table.concat(pieces, string.format("%d", number)))
end

function response(status, headers, body)
  answers = answers + 1
  if status < 200 or status > 299 or not string.find(body, wanted, 1, true) then
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
