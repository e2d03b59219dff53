"""The page in a browser, by the keyboard alone: tests/browser/run says what of."""

import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

from served import Served, answered, embeddings, texts
from webdriver import browser, wait

HOSTILE = [
    "<script>document.title = 'owned'; window.owned = true</script>",
    "<img src=x onerror=\"window.owned = true\"></div></main><h1>Not a heading",
    "\u202eesrever si siht\u202c \u2067isolated\u2069 and \u001b[31mred\u001b[0m \u0000 \u0085",
    "w" * 3000,
    "عربي (abc) עברית 123, then English. 漢字 👩‍👩‍👧",
    "\n".join(f"line {line}" for line in range(300)),
    "&lt;b&gt; &amp; \"quotes\" 'and' `ticks` ${window.owned = true} {{owned}}",
    "javascript:window.owned=true",
]


def title(page):
    return page.text("#question")


def has_question(page):
    return wait(lambda: title(page).startswith("Round") and not busy(page), "a question")


def busy(page):
    return page.run("return document.querySelector('button[data-answer]').disabled")


def press(page, key):
    """A key that takes the page on: not before a person could have seen what is there."""
    before = title(page)
    time.sleep(0.16)
    page.press(key)
    wait(lambda: title(page) != before and not (title(page).startswith("Round") and busy(page)), f"what {key} does")


def shown(page, part):
    """A text as somebody reads it, with what is named instead of obeyed put back."""
    return page.run(
        """return [...document.getElementById(arguments[0]).childNodes].map((node) =>
             node.className === "control" ? String.fromCodePoint(parseInt(node.textContent.slice(2), 16))
                                          : node.textContent).join("")""",
        part,
    )


def fits(page, width):
    wide = page.run("return document.documentElement.scrollWidth")
    assert wide <= width, f"{wide} pixels are wider than {width}"


def in_sight(page, count):
    """Where the session stands is in sight at the end of the page too."""
    page.run("scrollTo(0, document.documentElement.scrollHeight)")
    seen = page.run(
        """return ["brief", "status"].map((id) => document.getElementById(id)).filter((place) => {
             const { top, bottom, height } = place.getBoundingClientRect();
             return height > 0 && top >= 0 && bottom <= innerHeight;
           }).map((place) => place.textContent)"""
    )
    assert seen and all(str(count) in text and "ends" in text for text in seen), seen
    page.run("scrollTo(0, 0)")


def is_sound(page):
    assert not page.run("return window.owned ?? document.querySelector('.text :not(.control)') !== null")
    complaints = [line for line in page.complaints() if "favicon" not in line]
    assert not complaints, complaints


def accessible(page, touched):
    """What a screen reader is told: names, landmarks, what is spoken, where the focus is."""
    nodes = page.devtools("Accessibility.getFullAXTree")["nodes"]
    told = {(node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes if "role" in node and not node["ignored"]}
    roles = {role for role, _ in told}
    assert {"main", "navigation", "banner", "contentinfo", "status", "heading"} <= roles, roles
    for name in ("Prompt", "First reply", "Second reply"):
        assert ("region", name) in told, name
    buttons = {name for role, name in told if role == "button"}
    named = {"1 First", "2 Second", "0 Tie", "s Skip", "b Both bad", "u Undo"}
    # A phone shows no keys.
    assert buttons == ({name[2:] for name in named} if touched else named), buttons
    assert all(name for role, name in told if role in ("textbox", "checkbox", "progressbar", "button"))
    assert page.run("return document.activeElement.id") == "question"


def hostile_batch(page, folder, pictures, width, height, mobile, scheme):
    """A whole batch of hostile texts, every kind of answer, undo and a note among them."""
    page.size(width, height, mobile)
    page.scheme(scheme)
    draw = random.Random(7)
    embeddings(folder / "e.npy", (4, 8, 6), [draw.uniform(-1, 1) for _ in range(4 * 8 * 6)])
    texts(folder / "t.jsonl", [(text, HOSTILE) for text in HOSTILE[:4]])
    own = ["--train-embeddings", "e.npy", "--texts", "t.jsonl", "--batch", "8", "--rounds", "1"]
    with Served(folder, *own) as served:
        [address] = served.addresses
        page.open(address)
        has_question(page)
        assert "#" not in page.run("return location.href"), "the token stays in the address"
        accessible(page, mobile)
        seen = []
        for place, key in enumerate(["1", "2", "0", "s", "b", "Left", "Right", "1"], 1):
            has_question(page)
            assert f"question {place} of 8" in title(page), title(page)
            assert answered(page) == place - 1
            for part in ("prompt", "first", "second"):
                assert shown(page, part) in HOSTILE, part
            seen.append([shown(page, part) for part in ("prompt", "first", "second")])
            fits(page, width)
            is_sound(page)
            in_sight(page, place - 1)
            if place in (2, 5):
                page.picture(pictures / f"hostile-{width}-{place}.png")
            if place == 3:
                # Taken back, and answered again with a note, whose letters are no answers.
                press(page, "u")
                assert [shown(page, part) for part in ("prompt", "first", "second")] == seen[1]
                press(page, "2")
                time.sleep(0.16)
                page.press("n", *"10sbu", "Enter")
                assert page.run("return document.getElementById('note').value") == "10sbu"
                assert answered(page) == 2
            press(page, key)
        wait(lambda: title(page) == "No question is left", "the end")
        assert answered(page) == 8
        is_sound(page)
        page.picture(pictures / f"end-{width}.png")


def two_tabs(page, folder):
    """The same question in two tabs is answered once, and both move on."""
    with Served(folder, "--batch", "6") as served:
        [address] = served.addresses
        first = page.this_tab()
        page.open(address)
        has_question(page)
        second = page.tab()
        page.open(address)
        has_question(page)
        asked = title(page)
        press(page, "1")
        assert "Recorded: " in page.text("#news")
        # As a tab that nobody has looked at since: it asks for news when it is seen.
        page.switch(first)
        wait(lambda: title(page) != asked, "the other tab to move on")
        has_question(page)
        assert answered(page) == 1
        page.switch(second)
        page.send("/window", method="DELETE")
        page.switch(first)


def two_people(page, folder):
    """Each has a question of their own, and answers that alone."""
    with Served(folder, "--batch", "4", "--rounds", "1", annotators=2) as served:
        first = page.this_tab()
        tabs = [first, page.tab()]
        asked = []
        for number, (tab, address) in enumerate(zip(tabs, served.addresses), 1):
            page.switch(tab)
            page.open(address)
            has_question(page)
            assert page.text("#annotator") == f"annotator {number} of 2"
            asked.append(title(page))
        assert asked[0] != asked[1], asked
        waits_and_takes_back(page, *tabs)
        while not all(ended(page, tab) for tab in tabs):
            for tab in tabs:
                page.switch(tab)
                if title(page).startswith("Round") and not busy(page):
                    time.sleep(0.16)
                    page.press("1")
        assert answered(page) == 4
        page.send("/window", method="DELETE")
        page.switch(first)


def waits_and_takes_back(page, own, other):
    """Whoever waits for somebody can take the last answer back, by key and by button; the other one keeps the
    question on the screen, though that page is loaded anew."""
    page.switch(own)
    while title(page) != "A moment":
        press(page, "1")
    time.sleep(0.5)
    page.press("u")
    wait(lambda: title(page).startswith("Round"), "what is taken back")
    press(page, "2")
    page.run("document.getElementById('undo').focus()")
    for _ in range(20):
        time.sleep(0.05)
        assert page.run("return document.activeElement.id") == "undo", "the focus is lost"
        assert not page.run("return document.getElementById('undo').disabled")
    page.switch(other)
    asked = title(page)
    page.run("location.reload()")
    page.switch(own)
    time.sleep(0.5)
    assert title(page) == "A moment", title(page)
    page.press("Enter")
    wait(lambda: title(page).startswith("Round"), "what is taken back")
    press(page, "1")
    page.switch(other)
    has_question(page)
    assert title(page) == asked, (title(page), asked)


def ended(page, tab):
    page.switch(tab)
    return title(page) == "No question is left"


def wrong_address(page, folder):
    """A token of an earlier start shows nothing, and says why."""
    with Served(folder, "--batch", "4") as served:
        [address] = served.addresses
        page.run("sessionStorage.clear()")
        page.open(address.split("#")[0] + "#" + "0" * 32)
        wait(lambda: "not an address" in page.text("#news"), "a refusal")
        assert page.run("return document.getElementById('asked').hidden")
        page.complaints()


def fifty_answers(page, folder):
    """Answers of the page leave as labels, and come to the same model in a new session."""
    own = ["--batch", "10", "--rounds", "5"]
    with Served(folder, *own) as served:
        [address] = served.addresses
        page.open(address)
        for place in range(50):
            has_question(page)
            longer = len(shown(page, "first")) > len(shown(page, "second"))
            press(page, "s" if place % 17 == 3 else "0" if place % 13 == 5 else "1" if longer else "2")
        at_rest(page)
    assert "answered: 50" in served.told, served.told
    label = lambda *arguments: subprocess.run(["pairpick", "label", *arguments], cwd=folder, check=True)
    label("--session=s.db", "--export=labels.jsonl")
    label("--session=new.db", "--import=labels.jsonl", *own)
    with Served(folder, session="new.db") as again:
        [address] = again.addresses
        page.open(address)
        at_rest(page)
    model = re.compile("model of batch 5: 0x[0-9a-f]{16}")
    assert model.search(served.told)[0] == model.search(again.told)[0], (served.told, again.told)
    print(model.search(again.told)[0])


def at_rest(page):
    wait(lambda: title(page) == "No question is left", "the end", 60)
    wait(lambda: page.run("location.reload()") or has_loaded(page) and not page.text("#working"), "the model", 60)


def has_loaded(page):
    return wait(lambda: title(page) != "pairpick", "the page")


def picture_of_readme(page, folder, pictures):
    """The bundled replies, as the README shows them."""
    with Served(folder, "--batch", "20") as served:
        [address] = served.addresses
        page.size(1000, 640)
        page.scheme("light")
        page.open(address)
        has_question(page)
        for key in "1221":
            time.sleep(2)
            press(page, key)
            has_question(page)
        page.picture(pictures / "page.png")
        page.size(390, 760, True)
        page.scheme("dark")
        page.picture(pictures / "page-phone.png")


def main(pictures):
    began = time.monotonic()
    with browser() as page:
        def each(check, *arguments):
            with tempfile.TemporaryDirectory() as folder:
                check(page, pathlib.Path(folder), *arguments)
            print(f"{check.__name__}{arguments[1:]}: right, {time.monotonic() - began:.1f} s", flush=True)

        each(hostile_batch, pictures, 1280, 800, False, "light")
        each(hostile_batch, pictures, 390, 844, True, "dark")
        each(two_tabs)
        each(two_people)
        each(wrong_address)
        each(fifty_answers)
        each(picture_of_readme, pictures)
    print(f"pictures in {pictures}")


main(pathlib.Path(sys.argv[1]).absolute())
