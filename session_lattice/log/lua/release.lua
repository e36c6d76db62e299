-- Give up the leases that the producer ARGV[1] still holds of the streams in ARGV[2], a list in
-- MessagePack.
for _, stream in ipairs(cmsgpack.unpack(ARGV[2])) do
    local lease = KEYS[1] .. 'lease:' .. stream
    if redis.call('GET', lease) == ARGV[1] then
        redis.call('DEL', lease)
    end
end
return 0
