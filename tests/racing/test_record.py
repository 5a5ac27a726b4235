from datetime import UTC, datetime, timedelta

from sooner.racing.record import now


def test_a_record_tells_the_time_in_utc_to_the_second() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    found = datetime.fromisoformat(now())
    assert before <= found <= datetime.now(UTC)
    assert found.utcoffset() == timedelta(0)
    assert found.microsecond == 0
