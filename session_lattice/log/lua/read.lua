-- Events numbered above ARGV[1] until they are ARGV[2] or reach ARGV[3] bytes: of the stream
-- ARGV[4], else of the whole log. Flat: position, seq, head and data of each.
local prefix, stream = KEYS[1], ARGV[4]
local after, limit, bytes = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local feed, index = prefix .. 'feed', stream and prefix .. 'stream:' .. stream

-- Events are of any size up to a megabyte, so that few are taken at a time.
local STEP = 32

local function id(number)
    return ('%d-0'):format(number)
end

local function of_all(count)
    return redis.call('XRANGE', feed, id(after + 1), '+', 'COUNT', count)
end

-- The index lists the positions of the stream's events, from the oldest kept to its last.
local function of_stream(count)
    local newest = tonumber(redis.call('HGET', prefix .. 'seqs', stream)) or 0
    local oldest = newest - redis.call('LLEN', index) + 1
    local first = math.max(0, after + 1 - oldest)
    local entries = redis.call('LRANGE', index, first, first + count - 1)
    for i, position in ipairs(entries) do
        entries[i] = redis.call('XRANGE', feed, position .. '-0', position .. '-0')[1]
    end
    return entries
end

local found, count, size = {}, 0, 0
while count < limit and size < bytes do
    local step = math.min(STEP, limit - count)
    local entries = stream and of_stream(step) or of_all(step)
    for _, entry in ipairs(entries) do
        if size >= bytes then
            return found
        end
        local position, fields = tonumber(entry[1]:match('^%d+')), entry[2]
        local seq = tonumber(fields[2])
        found[#found + 1] = position
        found[#found + 1] = seq
        found[#found + 1] = fields[4]
        found[#found + 1] = fields[6]
        after = stream and seq or position
        count = count + 1
        size = size + #fields[6]
    end
    if #entries < step then
        break
    end
end
return found
