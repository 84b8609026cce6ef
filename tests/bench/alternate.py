"""alternate.py - runs the contenders of a case in turn, round after round, so that the machine's moods meet all alike."""
import time

import load as loads
import machine
import memory
import process


def _one_round(bench, case, contender, seconds):
    """A contender started, loaded and ended: its figures; "void" says why they do not count."""
    load, switch = contender.load, contender.switch
    if switch.measures:
        return switch.measure(bench, seconds)
    workers, generators = machine.lay_out(case.workers(contender), load.pairs)
    try:
        sockets = switch.start(bench, load, workers)
        watch = memory.Watch(switch.pid()) if case.memory else None
        figures = loads.run(bench, load, sockets, switch.load_cpus(workers, generators), seconds, watch)
        figures["void"] = figures["void"] or switch.after(bench, load)
        if watch:
            figures.update(resident_mib=watch.resident, huge_mib=watch.huge)
            figures["memory_mib"] = watch.resident + watch.huge - switch.mbuf_mib()
    finally:
        switch.stop(bench)
    return figures


def _try_round(bench, case, contender, seconds):
    try:
        return _one_round(bench, case, contender, seconds)
    except process.Failed as e:
        bench.keep_logs = True
        return {"void": str(e)}


def reasons_not_to_run(bench, case):
    """{contender: why it cannot be run here}; the key None: why the whole case cannot."""
    reasons = {}
    for need in case.needs:
        reason = need(bench)
        if reason:
            reasons[None] = reason
            return reasons
    for c in case.contenders:
        reason = c.switch.missing(bench)
        try:
            machine.lay_out(case.workers(c), c.load.pairs)
        except machine.TooSmall as e:
            reason = reason or str(e)
        if reason:
            reasons[c.name] = reason
    if len(reasons) == len(case.contenders):
        reasons[None] = next(iter(reasons.values()))
    return reasons


def run(bench, case, rounds, seconds, say):
    """All rounds of a case. What was seen, as plain data (see results.py)."""
    reasons = reasons_not_to_run(bench, case)
    seen = {"sentence": case.sentence, "date": time.strftime("%Y-%m-%d"), "seconds": seconds, "rounds": [], "unit": case.unit,
            "contenders": {c.name: c.load.describe() for c in case.contenders}, "missing": reasons.get(None),
            "missing_contenders": {k: v for k, v in reasons.items() if k}}
    able = [c for c in case.contenders if c.name not in reasons]
    if not seen["missing"]:
        for r in range(rounds):
            figures = {}
            turn = r % len(able)
            for c in able[turn:] + able[:turn]:
                figures[c.name] = _try_round(bench, case, c, seconds)
                say(case, r, c, figures[c.name])
            seen["rounds"].append(figures)
    seen["wants"] = [w.judge(seen["rounds"]) for w in case.wants]
    return seen
