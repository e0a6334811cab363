"""Real agents on a sandbox whose clock leaps, and with a journal put back: nothing is lost or made up."""

import shutil
import time

from agent.drill import processes
from domain.order import OrderStatus
from tests.drill.rig import Rig, rig

__all__ = ["rig"]
PLACING = {"method": "POST", "path": "/api/v3/order"}


def test_an_order_1_8_s_late_is_found_though_the_exchanges_clock_leaps_by_a_minute(rig: Rig) -> None:
    rig.control.ask(
        "POST", "/sandbox/faults", {"fault": [{"kind": "late", "seconds": 1.8, "count": 1, **PLACING}]}
    )
    seen: list[float] = []

    def leap() -> None:
        if len(seen) < 2 and rig.control.ask("GET", "/sandbox/orders")["requests"]:
            seen[:] = seen[:1] or [time.monotonic()]
            if time.monotonic() - seen[0] > 0.3:
                clock = {"kind": "clock", "offset_ms": 60_000, "duration": 60}
                rig.control.ask("POST", "/sandbox/faults", {"fault": [clock]})
                seen.append(time.monotonic())

    rig.run(meanwhile=leap)
    told = rig.settled()
    orders = rig.control.ask("GET", "/sandbox/orders")["orders"]
    log = (rig.folder / "agent.log").read_text()[-2000:]
    assert rig.statuses(orders[0]["clientOrderId"])[-1] is OrderStatus.FILLED, (told, log)
    assert {order["clientOrderId"] for order in orders} <= set(told["intended"])
    assert told["in_line"]
    assert told["resting"] == told["positions"]


def test_after_a_restored_backup_a_lost_order_is_absent_and_takes_no_old_orders_fills(rig: Rig) -> None:
    rig.run(f"12:{rig.folder / 'points'}")
    journals, backup = rig.folder / "home" / "journals", rig.folder / "backup"
    shutil.copytree(journals, backup)
    rig.run()
    shutil.rmtree(rig.folder / "home")
    shutil.copytree(backup, journals)
    rig.agent(processes.adopt_agent, rig.options)
    lost = {"kind": "lost", "seconds": 0.3, "count": 1, **PLACING}
    rig.control.ask("POST", "/sandbox/faults", {"fault": [lost]})
    rig.run()
    told = rig.settled()
    assert told["in_line"], told
    assert OrderStatus.ABSENT in rig.statuses(), (told, (rig.folder / "agent.log").read_text()[-2000:])
