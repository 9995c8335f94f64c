"""Train a small GPT on a text, character by character, and let it write.

    python examples/gpt.py --out out
    python examples/gpt.py my.txt --layers 4 --context 128

A transformer reads some characters and says, at each place, which comes next: causal attention lets a place
see itself and the places before it. Without a file it learns four English poems. The picture shows its loss,
and texts that it wrote on the way. With --torch the same program runs on PyTorch, from the same first
weights, so that its losses are the same. `char_rnn.py` learns the same poems with an LSTM.

Source: Radford et al., "Language models are unsupervised multitask learners" (2019).
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from char_rnn import Sample, Text, draw, read_text
from command import BAR, adder, library, positive, training, usual


def main(argv: Sequence[str] | None = None) -> int:
    args = make_parser().parse_args(argv)
    try:
        torch = library(args)
        text = read_text(args.file, args.context + 1)
        model = make_model(torch, len(text.letters), args)
    except (ImportError, OSError, ValueError) as error:
        sys.stderr.write(f"gpt.py: {error}\n")
        return 2
    args.out.mkdir(parents=True, exist_ok=True)
    print(model)
    numbers = sum(parameter.numel() for parameter in model.parameters())
    print(f"{len(text.codes):,} characters, {len(text.letters)} different ones; {numbers:,} weights")

    with training():
        losses, samples = learn(torch, model, text, args)
    print("wrote", draw(losses, samples, args.out / "gpt.png"))
    print(f"\n{samples[-1].text}\n")
    print(f"loss per character: {losses[-1]:.3f}")
    return 0


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gpt.py", description=(__doc__ or "").splitlines()[0])
    option = adder(parser)
    number, size = positive(int), positive(float)
    parser.add_argument("file", nargs="?", type=Path, help="text to learn (default: four English poems)")
    option("--epochs", "times to read the text", type=number, default=150, metavar="N")
    option("--batch-size", "pieces of the text in a step", type=number, default=8, metavar="N")
    option("--context", "characters of a piece", type=number, default=64, metavar="N")
    option("--width", "features of a character", type=number, default=96, metavar="N")
    option("--heads", "of the attention; they share the width", type=number, default=4, metavar="N")
    option("--layers", "blocks on one another", type=number, default=2, metavar="N")
    option("--lr", "learning rate of AdamW at the start; it falls to 0", type=size, default=0.003)
    option("--temperature", "of the writing: below 1 it is more careful", type=size, default=0.5)
    option("--length", "characters to write", type=number, default=240, metavar="N")
    return usual(parser, "of the first weights, the pieces and the writing")


def make_model(torch: ModuleType, letters: int, args: argparse.Namespace) -> Any:
    """Embeddings of letters and places, blocks, and a layer that has a number for each letter to come."""
    if args.width % args.heads:
        raise ValueError(f"{args.heads} heads cannot share a width of {args.width}: it must be a multiple")
    nn, width = torch.nn, args.width

    def block() -> Any:
        return nn.ModuleDict(
            {
                "norm1": nn.LayerNorm(width),
                "queries_keys_values": nn.Linear(width, 3 * width),
                "mix": nn.Linear(width, width),
                "norm2": nn.LayerNorm(width),
                "think": nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)),
            }
        )

    model = nn.ModuleDict(
        {
            "letters": nn.Embedding(letters, width),
            "places": nn.Embedding(args.context, width),
            "blocks": nn.ModuleList([block() for _ in range(args.layers)]),
            "norm": nn.LayerNorm(width),
            "output": nn.Linear(width, letters),
        }
    )
    random = np.random.default_rng(args.seed)
    with torch.no_grad():  # by one generator, so that both libraries begin with the same numbers
        for parameter in model.parameters():
            if parameter.ndim > 1:
                drawn = random.normal(scale=0.02, size=tuple(parameter.shape))
                parameter.copy_(torch.from_numpy(drawn.astype("float32")))
            else:  # a bias, or the scale of a norm, which is 1
                parameter.copy_(parameter == 1)
    return model


def run(torch: ModuleType, model: Any, codes: Any, heads: int) -> Any:
    """Numbers for the letters that follow each place of `codes` (batch, places)."""
    x = model["letters"](codes) + model["places"](torch.arange(codes.shape[1]))
    for block in model["blocks"]:
        mixed = block["queries_keys_values"](block["norm1"](x))
        q, k, v = mixed.unflatten(2, (3, heads, -1)).permute(2, 0, 3, 1, 4)  # each (batch, heads, places, -1)
        seen = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + block["mix"](seen.transpose(1, 2).flatten(2))
        x = x + block["think"](block["norm2"](x))
    return model["output"](model["norm"](x))


def learn(
    torch: ModuleType, model: Any, text: Text, args: argparse.Namespace
) -> tuple[list[float], list[Sample]]:
    """The mean loss of each epoch, and a text from after the first epoch, a tenth of all, and the last.

    An epoch takes as many pieces as the text holds; each begins anywhere.
    """
    from tqdm import tqdm

    random = np.random.default_rng(args.seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)
    pieces = np.lib.stride_tricks.sliding_window_view(text.codes, args.context + 1)
    steps = max(1, len(text.codes) // (args.batch_size * args.context))
    shown = {1, max(1, args.epochs // 10), args.epochs}
    losses: list[float] = []
    samples: list[Sample] = []
    for epoch in range(1, args.epochs + 1):
        total = 0.0
        with tqdm(desc=f"epoch {epoch:3}/{args.epochs}", total=steps, bar_format=BAR) as bar:
            for _ in range(steps):
                batch = torch.from_numpy(pieces[random.integers(len(pieces), size=args.batch_size)])
                scores = run(torch, model, batch[:, :-1], args.heads)
                loss = torch.nn.functional.cross_entropy(scores.flatten(0, 1), batch[:, 1:].flatten())
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                total += loss.item()
                bar.update()
            losses.append(total / steps)
            bar.set_postfix_str(f"loss {losses[-1]:.3f}")
        schedule.step()
        if epoch in shown:
            samples.append(Sample(epoch, write(torch, model, text, args)))
    return losses, samples


def write(torch: ModuleType, model: Any, text: Text, args: argparse.Namespace) -> str:
    """A text that begins as the learnt one does, each letter drawn by the network's probabilities."""
    random = np.random.default_rng(args.seed)
    codes = [int(text.codes[0])]
    with torch.no_grad():
        while len(codes) < args.length:
            scores = run(torch, model, torch.tensor([codes[-args.context :]]), args.heads)
            chances = torch.softmax(scores[0, -1].double() / args.temperature, 0).numpy().cumsum()
            codes.append(int(np.searchsorted(chances, random.random() * chances[-1])))
    return text.read(codes)


if __name__ == "__main__":
    sys.exit(main())
