// Elements of the page. Values are set as text and attributes, never as markup.

const SVG = 'http://www.w3.org/2000/svg';

/** Creates an element. A function becomes an event listener, `true` an empty attribute; `false` and null are left out. */
export function h(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (typeof value === 'function') element.addEventListener(key, value);
    else if (value !== false && value != null) element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat().filter(child => child !== false && child != null));
  return element;
}

const CIRCLE = 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11';
const CALENDAR = 'M3 4h10v9H3zM3 7h10M6 2.5V5M10 2.5V5';

/** The outlines of the icons, on a grid of 16 × 16. */
const PATHS = {
  fresh: `${CIRCLE}M8 5v3.5M8 11v.01`,
  scheduled: CALENDAR,
  delay: `${CIRCLE}M8 5v3.2l2.2 1.6`,
  escalated: 'M8 13V3.5M4 7l4-4 4 4',
  solved: 'M3 8.5l3.5 3.5L13 4.5',
  canceled: 'M4 4l8 8M12 4l-8 8',
  priority: 'M4 13.5v-11M4 3h8l-2 3 2 3H4',
  appointment: CALENDAR,
  category: 'M2.5 7.5v-5h5l6 6-5 5zM5.5 5.5v.01',
  remark: 'M2.5 3h11v8H7l-3 2.5V11H2.5z',
};

/** Creates an icon, hidden from assistive technology. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name] ?? PATHS.remark);
  svg.append(path);
  return svg;
}

/** Sets the text that screen readers announce. */
export function announce(text) {
  document.getElementById('announcer').textContent = text;
}

/** Reads or writes the browser's storage, which the browser may forbid: then returns null. */
export function withStorage(access) {
  try {
    return access() ?? null;
  } catch {
    return null;
  }
}
