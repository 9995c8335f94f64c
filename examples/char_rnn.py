"""Train a recurrent network on a text, character by character, and let it write.

    python examples/char_rnn.py --epochs 100 --out out
    python examples/char_rnn.py my.txt --layers 2

An LSTM reads a character and says which comes next. Without a file it learns four English poems, and at the
end it knows much of them by heart. The picture shows its loss, and texts that it wrote on the way. With
--torch the same program runs on PyTorch, from the same first weights, so that its losses are the same.

Source: Graves, "Generating sequences with recurrent neural networks" (2013).
"""

import argparse
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from command import BAR, adder, library, positive, training, usual

POEMS = Path(__file__).with_name("rhymes.txt")


class Text(NamedTuple):
    """A text as numbers, and the characters that they stand for."""

    codes: np.ndarray
    letters: str

    def read(self, codes: Sequence[int]) -> str:
        return "".join(self.letters[code] for code in codes)


class Sample(NamedTuple):
    """A text that the network wrote after an epoch."""

    epoch: int
    text: str


def main(argv: Sequence[str] | None = None) -> int:
    args = make_parser().parse_args(argv)
    try:
        torch = library(args)
        text = read_text(args.file, args.batch_size * (args.steps + 1))
    except (ImportError, OSError, ValueError) as error:
        sys.stderr.write(f"char_rnn.py: {error}\n")
        return 2
    args.out.mkdir(parents=True, exist_ok=True)
    model = make_model(torch, len(text.letters), args)
    print(model)
    print(f"{len(text.codes):,} characters, {len(text.letters)} different ones")

    with training():
        losses, samples = learn(torch, model, text, args)
    print("wrote", draw(losses, samples, args.out / "char_rnn.png"))
    print(f"\n{samples[-1].text}\n")
    print(f"loss per character: {losses[-1]:.3f}")
    return 0


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="char_rnn.py", description=(__doc__ or "").splitlines()[0])
    option = adder(parser)
    number, size = positive(int), positive(float)
    parser.add_argument("file", nargs="?", type=Path, help="text to learn (default: four English poems)")
    option("--epochs", "times to read the text", type=number, default=100, metavar="N")
    option("--batch-size", "places of the text to read side by side", type=number, default=16, metavar="N")
    option("--steps", "characters through which a gradient goes back", type=number, default=32, metavar="N")
    option("--hidden", "features of the state", type=number, default=128, metavar="N")
    option("--layers", "of the LSTM", type=number, default=1, metavar="N")
    option("--lr", "learning rate of Adam at the start; it falls to 0", type=size, default=0.01)
    option("--temperature", "of the writing: below 1 it is more careful", type=size, default=0.5)
    option("--length", "characters to write", type=number, default=240, metavar="N")
    return usual(parser, "of the first weights and the writing")


def read_text(file: Path | None, least: int) -> Text:
    """The text of a file; ValueError for one of fewer than `least` characters."""
    text = (file or POEMS).read_text(encoding="utf-8")
    if len(text) < least:
        raise ValueError(f"{file} has {len(text):,} characters, and a step of these sizes needs {least:,}")
    letters = "".join(sorted(set(text)))
    return Text(np.array([letters.index(c) for c in text], dtype="int64"), letters)


def make_model(torch: ModuleType, letters: int, args: argparse.Namespace) -> Any:
    """An embedding of the letters, an LSTM, and a layer that has a number for each letter to come."""
    nn = torch.nn
    model = nn.ModuleDict(
        {
            "embedding": nn.Embedding(letters, args.hidden // 2 or 1),
            "lstm": nn.LSTM(args.hidden // 2 or 1, args.hidden, args.layers),
            "output": nn.Linear(args.hidden, letters),
        }
    )
    random = np.random.default_rng(args.seed)
    bound = args.hidden**-0.5
    with torch.no_grad():  # as both libraries draw them, but by one generator, for the same numbers
        for name, parameter in model.named_parameters():
            shape = tuple(parameter.shape)
            drawn = random.normal(size=shape) if "embedding" in name else random.uniform(-bound, bound, shape)
            parameter.copy_(torch.from_numpy(drawn.astype("float32")))
    return model


def run(model: Any, codes: Any, state: Any) -> tuple[Any, Any]:
    """Numbers for the letters that follow each of `codes` (steps, batch), and the state behind the last."""
    output, state = model["lstm"](model["embedding"](codes), state)
    return model["output"](output), state


def learn(
    torch: ModuleType, model: Any, text: Text, args: argparse.Namespace
) -> tuple[list[float], list[Sample]]:
    """The mean loss of each epoch, and a text from after the first epoch, a tenth of all, and the last.

    The places of a batch go through the text side by side. The state goes on from step to step, cut from its
    past: that is backpropagation through time, truncated.
    """
    from tqdm import tqdm

    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)
    rows = (len(text.codes) - 1) // args.batch_size
    ends = rows * args.batch_size
    inputs = text.codes[:ends].reshape(args.batch_size, rows).T.copy()
    targets = text.codes[1 : ends + 1].reshape(args.batch_size, rows).T.copy()
    shown = {1, max(1, args.epochs // 10), args.epochs}
    losses: list[float] = []
    samples: list[Sample] = []
    starts = range(0, rows, args.steps)
    for epoch in range(1, args.epochs + 1):
        state, total = None, 0.0
        with tqdm(desc=f"epoch {epoch:3}/{args.epochs}", total=len(starts), bar_format=BAR) as bar:
            for start in starts:
                x = torch.from_numpy(inputs[start : start + args.steps])
                y = torch.from_numpy(targets[start : start + args.steps])
                if state is not None:
                    state = tuple(s.detach() for s in state)
                scores, state = run(model, x, state)
                loss = torch.nn.functional.cross_entropy(scores.flatten(0, 1), y.flatten())
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                total += loss.item() * y.numel()
                bar.update()
            losses.append(total / ends)
            bar.set_postfix_str(f"loss {losses[-1]:.3f}")
        schedule.step()
        if epoch in shown:
            samples.append(Sample(epoch, write(torch, model, text, args)))
    return losses, samples


def write(torch: ModuleType, model: Any, text: Text, args: argparse.Namespace) -> str:
    """A text that begins as the learnt one does, each letter drawn by the network's probabilities."""
    random = np.random.default_rng(args.seed)
    codes, state = [int(text.codes[0])], None
    with torch.no_grad():
        while len(codes) < args.length:
            scores, state = run(model, torch.tensor([[codes[-1]]]), state)
            chances = torch.softmax(scores[0, 0].double() / args.temperature, 0).numpy().cumsum()
            codes.append(int(np.searchsorted(chances, random.random() * chances[-1])))
    return text.read(codes)


def draw(losses: list[float], samples: list[Sample], path: Path) -> Path:
    """The losses, and below them the texts."""
    import matplotlib.pyplot as plt

    figure, (top, bottom) = plt.subplots(2, 1, figsize=(9, 6), height_ratios=[3, 2], layout="constrained")
    top.plot(range(1, len(losses) + 1), losses)
    top.set_xlabel("epoch")
    top.set_ylabel("loss per character")
    bottom.set_axis_off()
    for i, (epoch, text) in enumerate(samples):
        lines = [part for line in text.splitlines() for part in textwrap.wrap(line, 44) or [""]]
        shown = "\n".join(lines[:16]).replace("$", r"\$")  # no formula
        top.plot(epoch, losses[epoch - 1], "o", color=f"C{i + 1}")
        bottom.text(i / len(samples), 1, f"after epoch {epoch}", color=f"C{i + 1}", va="top")
        bottom.text(i / len(samples), 0.9, shown, va="top", fontsize=7, family="monospace")
    figure.savefig(path)
    plt.close(figure)
    return path


if __name__ == "__main__":
    sys.exit(main())
