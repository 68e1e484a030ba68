-- The load of the race, for wrk: each request changes the status of a lead of its own, each reply is looked at.
-- One thread: numbers are given once. Driven by environment variables, see load.py.
local number = tonumber(os.getenv("RACE_FIRST")) - 1
local before, after = os.getenv("RACE_BODY"):match("^(.*)@LEAD@(.*)$")
local expected = os.getenv("RACE_EXPECTED")
local headers = { ["Content-Type"] = "application/json", ["X-API-Key"] = os.getenv("RACE_KEY") }
local race

replies, wrong, first_wrong, last = 0, 0, "", 0

function setup(thread)
  race = thread
end

function request()
  number = number + 1
  last = number
  return wrk.format("POST", nil, headers, before .. number .. after)
end

function response(status, _, body)
  replies = replies + 1
  if status ~= 200 or not body:find(expected, 1, true) then
    wrong = wrong + 1
    if wrong == 1 then
      first_wrong = status .. " " .. body
    end
  end
end

function done(summary, latency)
  local errors = summary.errors
  print("RACE " .. table.concat({
    race:get("replies"), race:get("wrong"), race:get("last"),
    errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration, latency:percentile(50), latency:percentile(99),
  }, " "))
  print("WRONG " .. race:get("first_wrong"):gsub("%s+", " "))
end
