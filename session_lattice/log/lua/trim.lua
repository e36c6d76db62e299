-- Delete the oldest events, of those whose mark is not later than ARGV[1], up to position ARGV[2],
-- at most ARGV[3]; how many there were. Only what frees memory is written, so that this works on
-- a server that is full.
local prefix = KEYS[1]
local before, up_to, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local feed, marks = prefix .. 'feed', prefix .. 'marks'

-- Events are of any size up to a megabyte, so that few are taken at a time.
local STEP = 32

local newest = tonumber(redis.call('HGET', prefix .. 'meta', 'position')) or 0
local oldest = newest - redis.call('XLEN', feed) + 1
local last = math.min(newest, up_to, oldest + limit - 1)

for _, mark in ipairs(redis.call('ZRANGEBYSCORE', marks, '-inf', ('%.0f'):format(last))) do
    local position, at = mark:match('^(%d+):(-?%d+)$')
    if tonumber(at) > before then
        last = tonumber(position) - 1
        break
    end
end
if last < oldest then
    return 0
end

local gone = {}
for first = oldest, last, STEP do
    local final = math.min(last, first + STEP - 1)
    local entries = redis.call('XRANGE', feed, ('%d-0'):format(first), ('%d-0'):format(final))
    for _, entry in ipairs(entries) do
        local stream = cjson.decode(entry[2][4])[1]
        gone[stream] = (gone[stream] or 0) + 1
    end
end
for stream, count in pairs(gone) do
    redis.call('LTRIM', prefix .. 'stream:' .. stream, count, -1)
end
redis.call('XTRIM', feed, 'MINID', ('%d-0'):format(last + 1))

-- The newest mark at or before the oldest event that is left goes on telling its age.
local kept = redis.call('ZREVRANGEBYSCORE', marks, last + 1, '-inf', 'WITHSCORES', 'LIMIT', 0, 1)
if kept[2] then
    redis.call('ZREMRANGEBYSCORE', marks, '-inf', '(' .. kept[2])
end
return last - oldest + 1
