// Colours, as CSS variables, so that one drawing serves light and dark. Used by the page and by pictures that stand alone.

export const LIGHT = `--paper: #fcfcfa; --ink: #1c1f23; --soft: #5a6068; --line: #a9afb7; --grid: #e4e6e8; --run: #1c1f23;
  --ours: #1f6feb; --honest: #d9770f; --library: #2f8f62; --node: #8a9099; --fifth: #9a4fc4; --sixth: #b5485d;
  --good: #1a7f45; --bad: #b3362b; --panel: #f2f3f1;`;

export const DARK = `--paper: #14171a; --ink: #e6e8ea; --soft: #a0a7af; --line: #555c64; --grid: #2a2f34; --run: #f5f6f7;
  --ours: #5a9bff; --honest: #f0a04b; --library: #58bd8c; --node: #7f868e; --fifth: #c08ae0; --sixth: #e08497;
  --good: #5cc98a; --bad: #f08a80; --panel: #1c2024;`;
