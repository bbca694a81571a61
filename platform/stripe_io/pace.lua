-- Takes the next free slot of an endpoint, and returns how long it is until then, in microseconds of Redis's own clock.
--
-- A slot must fit two paces. Of an endpoint, one slot follows another after an interval. Over all endpoints, time is
-- divided into cells of about a tenth of a second, and a cell has room for a number of requests. So a queue at one
-- endpoint takes nothing from another, and a gap that it leaves is used.
--
-- KEYS: the end of the endpoint's last slot; the end of a pause of all endpoints; the requests in each cell (prefix)
-- ARGV: an endpoint's interval; the length of a cell; its room, 0 for any number; 1 to be served first
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, length, room, first = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1'
local slot = math.max(
    now,
    tonumber(redis.call('GET', KEYS[1]) or '0'),
    tonumber(redis.call('GET', KEYS[2]) or '0')
)
if room > 0 then
    local function key(cell)
        return KEYS[3] .. string.format('%.0f', cell)
    end
    local cell = math.floor(slot / length)
    while not first and tonumber(redis.call('GET', key(cell)) or '0') >= room do
        cell = cell + 1
    end
    slot = math.max(slot, cell * length)
    redis.call('INCR', key(cell))
    redis.call('PEXPIRE', key(cell), 60000)
end
redis.call('SET', KEYS[1], string.format('%.0f', slot + interval), 'PX', 60000)
return slot - now
