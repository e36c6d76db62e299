-- Append the events of ARGV[1], a Request in MessagePack, that are new, with its checkpoints.
-- Bytes are arguments of their own, because Redis' MessagePack knows none: the data of the events
-- in their order, then the values of the checkpoints, each where its number says.
-- Answers {'kept', epoch, position, how many were new}, {'lost'} where this is not the log that
-- the producer knows, or {'held', stream} where another producer has the stream's lease.
--
-- All or nothing: Redis undoes nothing, so what can fail comes before the first write. Every key
-- that is written is read first, which fails where it is of another type. The first write needs
-- memory, so that a server that is full refuses it; later ones are not refused.
local prefix, request = KEYS[1], cmsgpack.unpack(ARGV[1])
local meta, feed, marks = prefix .. 'meta', prefix .. 'feed', prefix .. 'marks'
local seqs, parts = prefix .. 'seqs', prefix .. 'parts'
local last_call = prefix .. 'call:' .. request.producer

local function id(number)
    return ('%d-0'):format(number)
end

-- The answer to the last call was lost on its way: it is given again. An earlier call than the
-- last was held up, and nobody waits for its answer; its checkpoints are old by now.
local answered = redis.call('GET', last_call)
if answered then
    local call, epoch, position, count = unpack(cmsgpack.unpack(answered))
    if call >= request.call then
        return {'kept', epoch, position, count}
    end
end

local epoch, position = unpack(redis.call('HMGET', meta, 'epoch', 'position'))
position = tonumber(position)
if epoch ~= request.epoch then
    return {'lost'}
end
if position < request.position then
    redis.call('HSET', meta, 'epoch', request.next_epoch)
    return {'lost'}
end

redis.call('XLEN', feed)
redis.call('SISMEMBER', parts, '')
local marked = redis.call('ZRANGE', marks, -1, -1)[1]

local function find(name)
    local part = name:match('^[^/]*/') or ''
    local stream = {
        name = name,
        part = part,
        index = prefix .. 'stream:' .. name,
        lease = prefix .. 'lease:' .. name,
        newest = prefix .. 'newest:' .. part,
        ended = prefix .. 'ended:' .. part,
        seq = tonumber(redis.call('HGET', seqs, name)) or 0,
    }
    redis.call('LLEN', stream.index)
    redis.call('ZCARD', stream.newest)
    redis.call('ZCARD', stream.ended)
    local holder = redis.call('GET', stream.lease)
    return stream, not holder or holder == request.holder
end

local fresh, seen, streams = {}, {}, {}
for i, event in ipairs(request.events) do
    local number, bucket, hash = event[1], prefix .. 'keys:' .. event[2], event[3]
    if not seen[hash] and redis.call('SISMEMBER', bucket, hash) == 0 then
        seen[hash] = true
        event[6] = ARGV[i + 1]
        fresh[#fresh + 1] = event
        if not streams[number] then
            local stream, is_free = find(request.streams[number])
            if not is_free then
                return {'held', stream.name}
            end
            streams[number] = stream
        end
    end
end
for source in pairs(request.checkpoints) do
    redis.call('HLEN', prefix .. 'checkpoints:' .. source)
end

local newest = position + #fresh
local answer = cmsgpack.pack({request.call, epoch, newest, #fresh})
redis.call('SET', last_call, answer, 'PX', request.answer_ms)

if #fresh > 0 then
    local at = marked and tonumber(marked:match(':(-?%d+)$'))
    if not at or math.abs(request.now - at) >= request.mark_micros then
        redis.call('ZADD', marks, position + 1, ('%d:%d'):format(position + 1, request.now))
    end
end
for _, event in ipairs(fresh) do
    local number, bucket, hash, terminal, head, data = unpack(event)
    local stream = streams[number]
    position = position + 1
    stream.seq = stream.seq + 1
    stream.ended_at = terminal and position or stream.ended_at
    redis.call('SADD', prefix .. 'keys:' .. bucket, hash)
    redis.call('XADD', feed, id(position), 'seq', stream.seq, 'head', head, 'data', data)
    redis.call('RPUSH', stream.index, position)
    stream.position = position
end
for _, stream in pairs(streams) do
    redis.call('HSET', seqs, stream.name, stream.seq)
    redis.call('SADD', parts, stream.part)
    redis.call('ZADD', stream.newest, stream.position, stream.name)
    if stream.ended_at then
        redis.call('ZADD', stream.ended, stream.ended_at, stream.name)
    end
    redis.call('SET', stream.lease, request.holder, 'PX', request.lease_ms)
end
redis.call('HSET', meta, 'position', position)
for source, values in pairs(request.checkpoints) do
    local key = prefix .. 'checkpoints:' .. source
    for _, pair in ipairs(values) do
        if pair[2] then
            redis.call('HSET', key, pair[1], ARGV[pair[2]])
        else
            redis.call('HDEL', key, pair[1])
        end
    end
end
return {'kept', epoch, newest, #fresh}
