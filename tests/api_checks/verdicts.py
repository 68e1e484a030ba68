"""How a check says what came of it: by the code it ends with, and the figure on its last line."""

from typing import Final

GREEN: Final = 0
LEFT_OUT: Final = 77
"""It could not be made here; its last line says why. Any other code is red."""
