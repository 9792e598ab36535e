"""What Redis does for the governor and the breaker in one step each, by its own clock.

A window is a hash of buckets: number of the bucket → calls. One bucket more than the window has is
counted, so that a window never holds too much, whenever it is thought to begin.
"""

from __future__ import annotations

from typing import Final

import redis

_NOW: Final = """
local now = tonumber(ARGV[1])
if not now then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
"""

# How many calls a window holds, and after how many milliseconds it holds fewer than `allowed`.
_COUNT: Final = """
local function count(key, length, buckets, allowed)
  local oldest = math.floor(now / length) - buckets
  local all, sum, kept = redis.call('HGETALL', key), 0, {}
  for i = 1, #all, 2 do
    local bucket, calls = tonumber(all[i]), tonumber(all[i + 1])
    if bucket < oldest then
      redis.call('HDEL', key, all[i])
    else
      sum = sum + calls
      kept[#kept + 1] = {bucket, calls}
    end
  end
  if sum < allowed then return sum, 0 end
  table.sort(kept, function(a, b) return a[1] < b[1] end)
  local left = sum
  for _, one in ipairs(kept) do
    left = left - one[2]
    if left < allowed then
      return sum, math.ceil((one[1] + buckets + 1) * length - now)
    end
  end
  return sum, math.ceil(length)
end
"""

# The number at once that 45033 taught, grown since; nothing when it no longer matters.
_LEARNED: Final = """
local function learned(key, configured, recovery)
  local found = redis.call('HMGET', key, 'most', 'at')
  if not found[1] then return nil end
  local most = tonumber(found[1]) + math.floor((now - tonumber(found[2])) / recovery)
  if (configured > 0 and most >= configured) or most > 100 then
    redis.call('DEL', key)
    return nil
  end
  return most
end
"""

# KEYS flight block learned apis window…  ARGV now slot lease in_flight share api recovery
# (length buckets most)…  → {1, now, ''} or {0, milliseconds, why}
ADMIT: Final = (
    _NOW
    + _COUNT
    + _LEARNED
    + """
local slot, lease, configured = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local share = tonumber(ARGV[5])
local shut = tonumber(redis.call('GET', KEYS[2]) or 0)
if shut > now then return {0, shut - now, 'blocked'} end

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local most = learned(KEYS[3], configured, tonumber(ARGV[7])) or configured
if most > 0 then
  if redis.call('ZCARD', KEYS[1]) >= math.max(1, math.floor(most * share)) then
    return {0, 0, 'in_flight'}
  end
end

local longest, why = 0, ''
for i = 5, #KEYS do
  local at = 8 + (i - 5) * 3
  local length, buckets, size = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local _, wait = count(KEYS[i], length, buckets, math.max(1, math.floor(size * share)))
  if wait > longest then longest, why = wait, string.match(KEYS[i], '[^:]*$') end
end
if longest > 0 then return {0, longest, why} end

for i = 5, #KEYS do
  local at = 8 + (i - 5) * 3
  local length, buckets = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  redis.call('HINCRBY', KEYS[i], string.format('%.0f', math.floor(now / length)), 1)
  redis.call('PEXPIRE', KEYS[i], math.ceil(length * (buckets + 2)))
end
redis.call('ZADD', KEYS[1], now + lease, slot)
redis.call('PEXPIRE', KEYS[1], lease * 2)
redis.call('ZADD', KEYS[4], now, ARGV[6])
redis.call('EXPIRE', KEYS[4], 90000)
return {1, string.format('%.0f', now), ''}
"""
)

# KEYS flight pulse window…  ARGV now slot admitted_at asked api error (length buckets)…
LEAVE: Final = (
    _NOW
    + """
redis.call('ZREM', KEYS[1], ARGV[2])
local admitted, asked = tonumber(ARGV[3]), ARGV[4] == '1'
for i = 3, #KEYS do
  local at = 7 + (i - 3) * 2
  local length, buckets = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local old = string.format('%.0f', math.floor(admitted / length))
  local new = string.format('%.0f', math.floor(now / length))
  if old ~= new or not asked then
    local held = tonumber(redis.call('HGET', KEYS[i], old) or 0)
    if held > 1 then
      redis.call('HINCRBY', KEYS[i], old, -1)
    elseif held == 1 then
      redis.call('HDEL', KEYS[i], old)
    end
    if asked then
      redis.call('HINCRBY', KEYS[i], new, 1)
      redis.call('PEXPIRE', KEYS[i], math.ceil(length * (buckets + 2)))
    end
  end
end
if asked then redis.call('HSET', KEYS[2], 'at', now, 'api', ARGV[5]) end
if ARGV[6] ~= '' then
  redis.call('HSET', KEYS[2], 'failed_at', now, 'failed_api', ARGV[5], 'error', ARGV[6])
end
redis.call('EXPIRE', KEYS[2], 604800)
return 1
"""
)

# KEYS block again hour-window…  ARGV now minute (length buckets most)…  → milliseconds, blocked.
# The key remembers the end of the last block: refused again within a minute of it, the block
# doubles, up to the hour; with our own hour nearly full it was the hour that was exceeded.
BLOCK: Final = (
    _NOW
    + _COUNT
    + """
local minute = tonumber(ARGV[2])
local shut = tonumber(redis.call('GET', KEYS[1]) or 0)
if shut > now then return shut - now end
local again = 0
if shut > 0 and now - shut < minute then again = tonumber(redis.call('GET', KEYS[2]) or 0) + 1 end
local length = math.min(minute * 2 ^ again, minute * 60)
for i = 3, #KEYS do
  local at = 3 + (i - 3) * 3
  local size = tonumber(ARGV[at + 2])
  local sum = count(KEYS[i], tonumber(ARGV[at]), tonumber(ARGV[at + 1]), size + 1)
  if sum >= size * 0.95 then length = minute * 60 end
end
local kept = math.ceil(length + minute * 2)
redis.call('SET', KEYS[1], string.format('%.0f', now + length), 'PX', kept)
redis.call('SET', KEYS[2], again, 'PX', kept)
return length
"""
)

# KEYS flight learned  ARGV now in_flight recovery  → how many at once from now on.
LOWER: Final = (
    _NOW
    + _LEARNED
    + """
local before = redis.call('HGET', KEYS[2], 'at')
if before and now - tonumber(before) < 1000 then
  -- One crowd, refused many times over, is one lesson.
  return redis.call('HGET', KEYS[2], 'most')
end
local configured = tonumber(ARGV[2])
local most = learned(KEYS[2], configured, tonumber(ARGV[3])) or configured
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local there = redis.call('ZCARD', KEYS[1])
if most == 0 or there < most then most = there end
most = math.max(1, math.floor(most / 2))
redis.call('HSET', KEYS[2], 'most', most, 'at', string.format('%.0f', now))
redis.call('EXPIRE', KEYS[2], 7200)
return most
"""
)

# KEYS breaker  ARGV now probe → {1, failures before} or {0, milliseconds}
KNOCK: Final = (
    _NOW
    + """
local found = redis.call('HMGET', KEYS[1], 'failures', 'open_until', 'probe_until')
local failures = tonumber(found[1] or 0)
local shut = tonumber(found[2] or 0)
if shut == 0 then return {1, failures} end
if shut > now then return {0, shut - now} end
local probed = tonumber(found[3] or 0)
if probed > now then return {0, math.min(1000, probed - now)} end
redis.call('HSET', KEYS[1], 'probe_until', string.format('%.0f', now + ARGV[2]))
return {1, failures}
"""
)

# KEYS breaker  ARGV now after first longest forget → milliseconds of the pause that begins, or 0
MISS: Final = (
    _NOW
    + """
local found = redis.call('HMGET', KEYS[1], 'open_until', 'pause')
local shut, pause = tonumber(found[1] or 0), tonumber(found[2] or 0)
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[5] + ARGV[4]))
-- Whoever had set out before it opened only confirms it.
if shut > now then return 0 end
if shut == 0 and failures < tonumber(ARGV[2]) then return 0 end
if pause > 0 then
  pause = math.min(pause * 2, tonumber(ARGV[4]))
else
  pause = tonumber(ARGV[3])
end
redis.call('HSET', KEYS[1], 'open_until', string.format('%.0f', now + pause), 'pause', pause)
redis.call('HDEL', KEYS[1], 'probe_until')
return pause
"""
)


def now_of(store: redis.Redis) -> float:
    """Redis's own seconds, by which everything here is counted."""
    seconds, micros = store.time()
    return float(seconds) + float(micros) / 1_000_000
