-- Posts messages as the simulator does: `wrk … -s post.lua URL -- NAMES CREDENTIALS TEXT`.
-- NAMES is a file of percent-encoded names, a line each. Every call has a `latest` of its own.
dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "report.lua")

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  names, at, latest = {}, number, number * 1000000
  for name in io.lines(args[1]) do names[#names + 1] = name end
  wrk.method = "POST"
  wrk.headers["Authorization"] = args[2]
  wrk.headers["Content-Type"] = "application/json"
  wrk.body = '{"content":"' .. args[3] .. '"}'
end

function request()
  at, latest = at + 1, latest + 1
  return wrk.format(nil, "/api/msgs/" .. names[at % #names + 1] .. "?latest=" .. latest)
end
