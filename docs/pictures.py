"""Make the pictures that README shows, into docs/pictures: `make pictures`.

Those of the player need a browser (apt install chromium chromium-driver, pip install selenium);
where there is none, they stay as they are.
"""

import importlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

import minigrad as torch
from minigrad import viz

HERE = Path(__file__).parent / "pictures"
nn = torch.nn


def activations(path: Path) -> None:
    """Six plots on one page: relu, sigmoid, tanh above, their derivatives below."""
    figure, axes = plt.subplots(2, 3, figsize=(9, 4.2), sharex=True, layout="constrained")
    for column, name in zip(axes.T, ("relu", "sigmoid", "tanh"), strict=True):
        x = (torch.arange(-800.0, 801.0) / 100).requires_grad_()  # with the kink itself, x = 0
        y = getattr(torch, name)(x)
        y.backward(torch.ones_like(x))
        viz.plot(x.detach(), y.detach(), None, f"{name}(x)", axes=column[0])
        slope = x.grad.clone()
        # The derivative of relu jumps at 0, where it is 0: a line across would be a slope that is not there.
        jump = (x.grad[1:] - x.grad[:-1]).abs() > 0.5
        slope[1:][jump] = torch.nan
        viz.plot(x.detach(), slope, "x", f"grad of {name}", fmts=("m-",), axes=column[1])
        if jump.any():
            column[1].plot(0, 0, "mo", markersize=4)
            column[1].plot(0, 1, "mo", markersize=4, markerfacecolor="white")
    save(figure, path)


def derivatives(path: Path) -> None:
    """Six activations, each with its first and second derivative."""
    figure, axes = plt.subplots(2, 3, figsize=(9, 4.8), layout="constrained")
    for place, module in zip(
        axes.flat, (nn.ReLU, nn.ELU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU), strict=True
    ):
        viz.activation(module(), axes=place)
        place.set(title=module.__name__, xlabel=None)
        place.get_legend().remove()
        place.autoscale(axis="y")  # its room is free
    figure.legend(
        *axes[0, 2].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False
    ).get_texts()[0].set_text("the function")
    save(figure, path)


def network(path: Path) -> None:
    """The graph that one forward of the tutorial's 4-5-3 network records, after a backward."""
    torch.manual_seed(0)
    model = nn.MLP(4, 5, 3, activation="relu")
    X, labels = torch.randn(2, 4), torch.tensor([0, 2])
    with viz.watch(model):
        scores = model(X)
        loss = nn.functional.cross_entropy(scores, labels)
    loss.backward(retain_graph=True)
    path.write_bytes(viz.graph(loss).pipe(format="png"))


def landscape(path: Path) -> None:
    """The loss of a line through points, and the way that momentum takes over it."""
    torch.manual_seed(0)
    x = torch.linspace(-1, 1, 50)
    y = 3 * x - 1 + 0.1 * torch.randn(50)

    def loss(slope: torch.Tensor, offset: torch.Tensor) -> torch.Tensor:
        return ((slope * x + offset - y) ** 2).mean()

    w = torch.tensor([-1.0, 2.0], requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.2, momentum=0.8)
    steps = []
    for _ in range(40):
        steps.append(w.tolist())
        optimizer.zero_grad()
        loss(w[0], w[1]).backward()
        optimizer.step()
    save(viz.landscape(loss, steps, xlabel="slope", ylabel="offset").figure, path)


def example(name: str) -> Any:
    """A program of examples/, as a module."""
    sys.path.insert(0, str(HERE.parents[1] / "examples"))
    try:
        return importlib.import_module(name)
    finally:
        del sys.path[0]


def spiral(path: Path) -> None:
    """The last picture of examples/spiral.py, at the size of a page."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        example("spiral").main(["--out", folder])
        with Image.open(Path(folder) / "spiral.png") as picture:
            size = [side * 5 // 8 for side in picture.size]
            small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    # Colours that few points have (the curves) keep theirs, which the median cut would take from them.
    small.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)


def vanishing(path: Path) -> None:
    """The picture of examples/vanishing.py."""
    program = example("vanishing")
    program.draw({name: program.train(name, 80) for name in ("sigmoid", "relu")}, path, dpi=80)


def player(path: Path) -> None:
    """The player at work: one frame for each step of z = x*y + sin(x)."""
    from PIL import Image

    x = torch.tensor(2.0, requires_grad=True)
    y = torch.tensor(3.0, requires_grad=True)
    with tempfile.TemporaryDirectory() as folder:
        with viz.watch():
            z = x * y + torch.sin(x)
        page = viz.player(z, Path(folder) / "page.html", title="z = x*y + sin(x)")
        frames = [Image.open(BytesIO(shot)) for shot in screenshots(page.path, Path(folder))]
    frames = [frame.convert("RGB") for frame in frames]
    width, height = frames[0].size
    palette = Image.new("RGB", (width, height * len(frames)))  # one for all, so that what rests costs nothing
    for i, frame in enumerate(frames):
        palette.paste(frame, (0, i * height))
    palette = palette.quantize(64)
    frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    times = [3500] * (len(frames) - 1) + [5000]  # time to read
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=times, loop=0, optimize=True)


def screenshots(page: Path | None, folder: Path) -> Iterator[bytes]:
    """The page at each of its steps."""
    from selenium import webdriver

    assert page is not None
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("chromium-browser") or "chromium"
    quiet = "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-sync --hide-scrollbars"
    for argument in (*quiet.split(), f"--user-data-dir={folder}/profile"):
        options.add_argument(argument)
    with webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver"))) as browser:
        size = {"width": 1060, "height": 560, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        calm = [{"name": "prefers-reduced-motion", "value": "reduce"}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": calm})
        browser.get(page.as_uri())
        for _ in range(int(browser.execute_script("return document.getElementById('step').max")) + 1):
            yield browser.get_screenshot_as_png()
            browser.execute_script("document.getElementById('next').click()")


def save(figure: object, path: Path) -> None:
    figure.savefig(path, dpi=100)
    plt.close(figure)


def main() -> None:
    HERE.mkdir(exist_ok=True)
    makers = [spiral, activations, derivatives, network, landscape, vanishing]
    if not shutil.which("dot"):
        print(
            "no dot program, so network.png is left as it is: apt install graphviz, or brew install graphviz"
        )
        makers.remove(network)
    for make in makers:
        make(HERE / f"{make.__name__}.png")
        print(f"wrote {HERE.name}/{make.__name__}.png")
    if not shutil.which("chromedriver"):
        print("no browser, so player.gif is left as it is: apt install chromium chromium-driver")
        return
    try:
        player(HERE / "player.gif")
    except ImportError as error:
        print(f"player.gif is left as it is: {error}; pip install selenium")
    else:
        print(f"wrote {HERE.name}/player.gif")


if __name__ == "__main__":
    main()
