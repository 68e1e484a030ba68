import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./explorer.css";

import { createRoot } from "react-dom/client";

import { Explorer } from "./Explorer.jsx";

// This module is served from <the server's root>/graphiql/assets/, wherever a proxy puts that root.
const here = import.meta.url;
const endpoint = new URL("../../graphql", here).href;
const examplesUrl = new URL("../examples.json", here).href;

const place = document.getElementById("explorer");

async function start() {
  const response = await fetch(examplesUrl);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const examples = await response.json();
  createRoot(place).render(<Explorer endpoint={endpoint} examples={examples} />);
}

start().catch((error) => {
  place.textContent = `The explorer could not load its examples (${error.message}). Reload to try again.`;
});
