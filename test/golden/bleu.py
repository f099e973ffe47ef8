# Writes bleu.json: corpus BLEU as sacreBLEU computes it (pip install sacrebleu). Run: python3 test/golden/bleu.py
# The tests read the committed file and need no Python; run this again only to add cases.
import json
import pathlib
import random

import sacrebleu

words = (
    "the cat sat on a mat , dog's U.S. 3.14 1,000 it's e-mail rock-'n'-roll 5-year (see) \"quoted\" &quot;so&quot; A&amp;B "
    "na\u00efve \u00e9t\u00e9, 50% $9.99. end. e.g., #tag @you [x] {y} a/b c:d ~ ` \\ ^_ \u2014 \u201cx\u201d \u4f60\u597d\u3002 1.5.6 .5 5. <skipped> -3 3- 7,a b,7 \u00a0 \U0001f600."
).split(" ")
random.seed(7)


def sentence(n):
    return " ".join(random.choice(words) for _ in range(n))


def spoilt(text, rate):
    out = []
    for word in text.split(" "):
        r = random.random()
        if r < rate:
            continue
        out.append(random.choice(words) if r < 2 * rate else word)
    return " ".join(out)


cases = []


def case(name, hypotheses, references):
    """references: for each hypothesis a list of the right texts."""
    count = max(len(r) for r in references)
    streams = [[r[k] if k < len(r) else None for r in references] for k in range(count)]
    score = sacrebleu.corpus_bleu(hypotheses, streams, force=True).score
    cases.append({"name": name, "hypotheses": hypotheses, "references": references, "bleu": score})


for rate in (0.02, 0.1, 0.3):
    refs = [[sentence(random.randint(4, 20))] for _ in range(20)]
    case(f"20 sentences spoilt by {rate}", [spoilt(r[0], rate) for r in refs], refs)
refs = [[sentence(9), sentence(7), sentence(12)][: 1 + k % 3] for k in range(12)]
case("one to three references", [spoilt(random.choice(r), 0.15) for r in refs], refs)
case("equal", ["The cat sat on the mat.", "Hello, world!"], [["The cat sat on the mat."], ["Hello, world!"]])
case("case matters", ["the Cat sat on the mat now"], [["The cat sat on the mat now"]])
case("no 4-gram is right", ["a b c x d e f", "g h"], [["a b c y d e f"], ["h g"]])
case("only single words are right", ["d c b a e"], [["a b c d e"]])
case("nothing is right", ["x y z w v"], [["a b c d e"]])
case("too short for 4-grams", ["a b c"], [["a b c"]])
case("an empty hypothesis among others", ["", "the cat sat on the mat"], [["a dog"], ["the cat sat on the mat"]])
case("all empty", ["", ""], [["a"], ["b"]])
case("longer than the reference", ["a b c d e f g h"], [["a b c d e"]])
case("shorter than the reference", ["a b c d e"], [["a b c d e f g h"]])
case("the same word too often", ["the the the the the the the"], [["the cat is on the mat"]])
case("two references as near: the shorter counts", ["a b c d e f"], [["a b c d e f g h", "a b c d"]])
case("hyphen at a line's end, entities, spaces", ["re-\nturn &lt;now&gt; &amp;amp; a\tb\n"], [["return <now> &amp; a b"]])
case("trailing spaces of any kind", ["a b c d\u00a0\x1c\u3000"], [["a b c d"]])

path = pathlib.Path(__file__).with_name("bleu.json")
path.write_text(
    json.dumps({"sacrebleu": sacrebleu.__version__, "cases": cases}, ensure_ascii=True, indent=1) + "\n"
)
