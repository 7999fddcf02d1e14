"""The planted bugs still fit the code; whether the tests find them, `make planted` says."""

from __future__ import annotations

import subprocess

import pytest

from .__main__ import ROOT, bugs


def test_there_are_forty_of_them():
    assert len(bugs()) >= 40


@pytest.mark.parametrize("bug", bugs(), ids=lambda bug: bug.name)
def test_a_planted_bug_still_fits_the_code(bug):
    asked = ["git", "apply", "--check", str(bug.path)]
    fits = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert fits.returncode == 0, fits.stderr
    for each in bug.first:
        path, _, name = each.partition("::")
        assert f"def {name}" in (ROOT / path).read_text(), each
