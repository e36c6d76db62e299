UPDATE state SET position = target, target = NULL, whole_at = begun_at, written_at = :now
