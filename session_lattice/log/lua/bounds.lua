-- Epoch, oldest, newest and whether it has ended: of the stream ARGV[1], else of the whole log.
-- Nothing where there is no log. Numbers have no gaps, so the length tells the oldest.
local prefix, stream = KEYS[1], ARGV[1]
local epoch, position = unpack(redis.call('HMGET', prefix .. 'meta', 'epoch', 'position'))
if not epoch then
    return false
end
if not stream then
    local newest = tonumber(position)
    return {epoch, newest - redis.call('XLEN', prefix .. 'feed') + 1, newest, 0}
end
local newest = tonumber(redis.call('HGET', prefix .. 'seqs', stream)) or 0
local kept = redis.call('LLEN', prefix .. 'stream:' .. stream)
local ended = redis.call('ZSCORE', prefix .. 'ended:' .. (stream:match('^[^/]*/') or ''), stream)
return {epoch, newest - kept + 1, newest, ended and 1 or 0}
