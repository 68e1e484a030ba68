/** The header, and the WebSocket connection parameter, that carries the API key. */
export const API_KEY_HEADER = "X-API-Key";

/** The key among the headers a person typed, whatever the letter case of its name; "" when there is none. */
export function readKey(headers) {
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (name.toLowerCase() === API_KEY_HEADER.toLowerCase()) return String(value ?? "").trim();
  }
  return "";
}

/** The same headers with `key` as their only API key; without one when it is blank. */
export function withKey(headers, key) {
  const others = Object.entries(headers ?? {}).filter(
    ([name]) => name.toLowerCase() !== API_KEY_HEADER.toLowerCase(),
  );
  return Object.fromEntries(key ? [...others, [API_KEY_HEADER, key]] : others);
}
