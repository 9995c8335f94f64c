"""A browser for the tests of the player: Chromium, driven by Selenium; skipped where either is missing."""

import re
import shutil
import subprocess

import pytest

QUIET = (
    "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync --disable-quic "
    "--disable-extensions --disable-default-apps"
)


def _program(*names):
    return next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A Chromium of its own, with an empty profile, that asks nothing of the network."""
    webdriver = pytest.importorskip(
        "selenium.webdriver", reason="Selenium is not installed: pip install selenium"
    )
    chromium, driver = _program("chromium", "chromium-browser", "google-chrome"), _program("chromedriver")
    if not (chromium and driver):
        pytest.skip("no browser: apt install chromium chromium-driver")
    if subprocess.run([chromium, "--version"], capture_output=True, check=False).returncode:
        pytest.skip(f"no browser: {chromium} is only a stand-in for one")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (*QUIET.split(), f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield opened
    opened.quit()


class Player:
    """A page in the browser, and what a reader sees of it."""

    def __init__(self, browser, path, width=1280, height=800, *, calm=True, scheme="light"):
        self.browser = browser
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        features = {
            "prefers-reduced-motion": "reduce" if calm else "no-preference",
            "prefers-color-scheme": scheme,
        }
        listed = [{"name": name, "value": value} for name, value in features.items()]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": listed})
        browser.get("about:blank")  # the same address with another #step would not load again
        browser.get(path if isinstance(path, str) else path.as_uri())

    def __getitem__(self, name):
        return self.browser.find_element("id", name)

    def press(self, *keys):
        self.browser.find_element("tag name", "body").send_keys(*keys)

    def step(self):
        return tuple(int(n) for n in re.findall(r"\d+", self["count"].text))

    def words(self):
        return self["now"].text

    def all(self, selector):
        return self.browser.find_elements("css selector", selector)

    def listed(self, selector, pair):
        """A dict made of what the script `pair` gives for each of the elements `e`."""
        return dict(self.run(f"[...document.querySelectorAll('{selector}')].map((e) => {pair})"))

    def cards(self):
        """The cards by the names that stand on them."""
        return self.listed("#graph .card:not(.more)", "[e.querySelector('b').textContent, e]")

    def card(self, name):
        return self.cards()[name]

    def grads(self):
        """What the table says, by name."""
        return self.listed("#rows tr", "[e.cells[0].innerText, e.cells[2].innerText]")

    def box(self, element):
        return self.run("arguments[0].getBoundingClientRect().toJSON()", element)

    def run(self, script, *arguments):
        return self.browser.execute_script(f"return {script}", *arguments)


@pytest.fixture
def open_page(browser):
    """Opens a file, or an address, as `open_page(path, width, height, calm=..., scheme=...)`."""

    def opened(*arguments, **how):
        return Player(browser, *arguments, **how)

    return opened
