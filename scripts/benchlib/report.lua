-- What load.py reads of a run of wrk. Requests stay static: without a function `request`, wrk sends
-- the same bytes again and again and does not enter Lua.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    "BENCH %d %d %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), latency.max, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
