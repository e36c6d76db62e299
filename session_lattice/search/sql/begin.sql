UPDATE state
SET epoch = :epoch, position = :position, target = :target, walked = :walked, begun_at = :now
