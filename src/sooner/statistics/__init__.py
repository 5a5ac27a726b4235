"""Numbers in, numbers out: paired tests, intervals, looks, power. numpy and scipy; knows no run, no lane, no file."""
