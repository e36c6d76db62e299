-- The log's epoch and position. A server without a log gets one, of epoch ARGV[1]; so does one
-- whose log shall go on as another, ARGV[2] being 'renew'.
-- KEYS[1] begins every key. Its hash tag keeps them all in one slot of a cluster.
local meta, feed = KEYS[1] .. 'meta', KEYS[1] .. 'feed'

-- Events without a meta hash: somebody deleted it. Positions still have to rise.
local function last_position()
    if redis.call('EXISTS', feed) == 0 then
        return 0
    end
    local info = redis.call('XINFO', 'STREAM', feed)
    for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' then
            return tonumber(info[i + 1]:match('^%d+'))
        end
    end
end

if redis.call('HEXISTS', meta, 'epoch') == 0 then
    redis.call('HSET', meta, 'position', last_position(), 'epoch', ARGV[1])
elseif ARGV[2] == 'renew' then
    redis.call('HSET', meta, 'epoch', ARGV[1])
end
return {redis.call('HGET', meta, 'epoch'), tonumber(redis.call('HGET', meta, 'position'))}
