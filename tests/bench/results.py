"""results.py - what was measured, as a JSON file that runs add to: {"machine": …, "cases": {NAME: what alternate.run() saw}}."""
import json
import os
import statistics


FIGURES = {"Mpps": "mpps", "Gbit/s": "gbps", "records/s": "records_per_s", "CPU s/million records": "cpu_s_per_million", "µs": "p9999_us"}  # what a case calls speed, and what that is among a round's figures


def load(path):
    """What an earlier run left there; empty if there is nothing."""
    if path and os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            return json.load(f)
    return {"machine": None, "cases": {}}


def save(results, path):
    """All or nothing: a run that is interrupted leaves the former file."""
    with open(path + ".new", "w", encoding="utf-8") as f:
        json.dump(results, f, indent=1)
        f.write("\n")
    os.replace(path + ".new", path)


def unit(case):
    return case.get("unit", "Mpps")


def speeds(case, contender):
    """Speeds of the rounds that count, in the case's unit."""
    return [r[contender][FIGURES[unit(case)]] for r in case["rounds"] if contender in r and not r[contender]["void"]]


def voids(case, contender):
    """Why rounds do not count: [(round from 1, reason)]."""
    return [(i + 1, r[contender]["void"]) for i, r in enumerate(case["rounds"]) if contender in r and r[contender]["void"]]


def spread(values, form):
    """"median (least–most)" or "–"."""
    if not values:
        return "–"
    median, low, high = (form.format(v) for v in (statistics.median(values), min(values), max(values)))
    return median if len(values) == 1 else f"{median} ({low}–{high})"


def number_form(unit):
    return "{:,.0f}" if unit else "{:.2f}"


def bar_text(want):
    if want["bar"] is None:
        return ""
    sign = "≤" if want["most"] else "≥"
    return f"{sign} " + number_form(want["unit"]).format(want["bar"]) + (f" {want['unit']}" if want["unit"] else "")


def measured_text(want):
    return spread(want["values"], number_form(want["unit"])) + (f" {want['unit']}" if want["unit"] and want["values"] else "")


def verdict(case, want):
    """One word or a reason."""
    if case["missing"]:
        return f"not run: {case['missing']}"
    if not want["values"]:
        gone = [why for name, why in case["missing_contenders"].items() if name in want["text"]]
        return f"not run: {gone[0]}" if gone else "void"
    word = {True: "met", False: "missed", None: ""}[want["met"]]
    if len(want["values"]) < want["rounds"]:
        word += f" ({len(want['values'])} of {want['rounds']} rounds count)"
    return word.strip()
