// Finds Chromium, or installs it where this may install packages and the system is Debian's.
import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** A headless Chromium; undefined when there is none to be had. */
export async function launch() {
  const executablePath = found() ?? installed();
  // The sandbox of its own that Chromium puts pages into does not work for root.
  return executablePath && chromium.launch({ executablePath, args: isRoot() ? ["--no-sandbox"] : [] });
}

function found() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(runs);
}

function runs(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function installed() {
  if (!isRoot()) return undefined;
  const options = { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  try {
    execFileSync("apt-get", ["update"], options);
    execFileSync("apt-get", ["install", "--yes", "--no-install-recommends", "chromium"], options);
  } catch {
    return undefined;
  }
  return found();
}

function isRoot() {
  return process.getuid?.() === 0;
}
