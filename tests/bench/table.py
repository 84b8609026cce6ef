"""table.py - results as a table on a terminal and as Markdown."""
import results as res

BEGIN = "<!-- measured: begin; written by tests/bench/run --write-docs -->"
END = "<!-- measured: end -->"


def _aligned(rows):
    """Rows of cells as lines, columns as wide as they must be."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def _want_rows(results):
    for name, case in results["cases"].items():
        for want in case["wants"]:
            yield name, want["text"], res.bar_text(want), res.measured_text(want), res.verdict(case, want)


def _speed(case, contender):
    return res.spread(res.speeds(case, contender), "{:.2f}") + f" {res.unit(case)}"


def text(results):
    """For a terminal: every want, then the speeds, then the rounds that are void and why."""
    lines = _aligned([("case", "what", "bar", "median (spread)", "")] + list(_want_rows(results)))
    speeds = [(name, contender, _speed(case, contender))
              for name, case in results["cases"].items() if case["rounds"] for contender in case["contenders"]]
    if speeds:
        lines += ["", *_aligned([("case", "contender", "in total, median (spread)")] + speeds)]
    for name, case in results["cases"].items():
        for contender in case["contenders"]:
            for number, reason in res.voids(case, contender):
                lines.append(f"void: {name}, {contender}, round {number}: {reason}")
    return "\n".join(lines)


def machine_sentence(m):
    kind = "virtual machine" if m["virtual"] else "machine"
    return (f"{kind} with {m['cores']} CPUs of an {m['cpu']}, {m['memory_gib']} GB of memory, Linux {m['kernel']}, "
            f"DPDK {m['dpdk']}")


def _row(*cells):
    return "| " + " | ".join(c.replace("|", "\\|").replace("\n", " ") for c in cells) + " |"


def _cases_table(results):
    yield _row("case", "measured", "bar", "median (spread)", "")
    yield _row("---", "---", "---", "---", "---")
    for name, case in results["cases"].items():
        for i, want in enumerate(case["wants"]):
            first = f"**{name}**: {case['sentence']}" if i == 0 else ""
            yield _row(first, want["text"], res.bar_text(want), res.measured_text(want), res.verdict(case, want))


def _speeds_table(results):
    yield _row("case", "contender", "load", "in total, median (spread)", "rounds")
    yield _row("---", "---", "---", "---", "---")
    for name, case in results["cases"].items():
        if not case["rounds"]:
            continue
        for contender, load in case["contenders"].items():
            counted = len(res.speeds(case, contender))
            yield _row(name, contender, load, _speed(case, contender), f"{counted} of {len(case['rounds'])}")


def markdown(results, plot):
    """The section between the markers, markers included."""
    ran = [c for c in results["cases"].values() if c["rounds"]]
    dates = sorted({c["date"] for c in ran})
    rounds = sorted({len(c["rounds"]) for c in ran})
    seconds = sorted({c["seconds"] for c in ran})
    said = [" to ".join(str(v) for v in dict.fromkeys((values[0], values[-1]))) if values else "–"
            for values in (dates, rounds, seconds)]
    lines = [BEGIN, "",
             f"Measured {said[0]} on a {machine_sentence(results['machine'])}: {said[1]} alternated rounds of {said[2]} s. "
             "The ratio is taken in each round; the table has its median and, in brackets, the least and the greatest.", "",
             f"![Each ratio with its spread and its bar]({plot})", "", *_cases_table(results), "", *_speeds_table(results), "", END]
    return "\n".join(lines)


def put_into(page, section):
    """The page with the section in the place of the former one, or at its end."""
    if BEGIN in page and END in page:
        head, rest = page.split(BEGIN, 1)
        return head + section + rest.split(END, 1)[1]
    return page.rstrip("\n") + "\n\n" + section + "\n"
