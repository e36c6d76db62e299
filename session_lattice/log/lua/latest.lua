-- Position of the newest event of all streams whose name begins with ARGV[1], 0 if there is
-- none; ARGV[2] is 'newest', or 'ended' for the newest that ended one.
-- Streams are kept by the first part of their names, '' where they have only one.
local prefix, wanted, index = KEYS[1], ARGV[1], KEYS[1] .. ARGV[2] .. ':'
local STEP = 100

local function begins(name)
    return name:sub(1, #wanted) == wanted
end

local function parts()
    local part = wanted:match('^[^/]*/')
    if part then
        return {part}
    end
    local found = {''}
    for _, name in ipairs(redis.call('SMEMBERS', prefix .. 'parts')) do
        if begins(name) then
            found[#found + 1] = name
        end
    end
    return found
end

local function newest_of(part)
    local start = 0
    while true do
        local found = redis.call('ZREVRANGE', index .. part, start, start + STEP - 1, 'WITHSCORES')
        for i = 1, #found, 2 do
            if begins(found[i]) then
                return tonumber(found[i + 1])
            end
        end
        if #found < 2 * STEP then
            return 0
        end
        start = start + STEP
    end
end

local position = 0
for _, part in ipairs(parts()) do
    position = math.max(position, newest_of(part))
end
return position
