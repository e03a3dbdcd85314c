// What holds of every page: returns a list of what does not. Run by the driver, in the page.
const wrong = [];
const all = selector => [...document.querySelectorAll(selector)];
const say = (what, element) => wrong.push(`${what}: ${element.outerHTML.slice(0, 120)}`);
const expect = (holds, what) => { if (!holds) wrong.push(what); };

// Structure
expect(document.documentElement.lang === 'en', 'no language');
expect(document.title.endsWith(' | MiniTwit'), `title: ${document.title}`);
expect(all('h1').length === 1, `${all('h1').length} first headings`);
for (const landmark of ['body > header', 'header nav[aria-label]', 'body > main', 'body > footer']) {
  expect(all(landmark).length === 1, `${all(landmark).length} times ${landmark}`);
}
let level = 0;
for (const heading of all('h1, h2, h3, h4')) {
  const own = Number(heading.tagName[1]);
  if (own > level + 1) say('a heading skips a level', heading);
  level = own;
}

// Names
for (const field of all('input:not([type=submit], [type=hidden]), textarea, select')) {
  if (![...field.labels].some(label => label.textContent.trim())) say('no label', field);
}
for (const image of all('img')) {
  if (!image.hasAttribute('alt')) say('no alt', image);
  if (image.loading !== 'lazy' && !image.naturalWidth) say('not shown', image);
}
for (const control of all('a, button')) {
  const name = control.textContent + [...control.querySelectorAll('img')].map(image => image.alt).join('');
  if (!name.trim()) say('no name', control);
}
const ids = all('[id]').map(element => element.id);
expect(new Set(ids).size === ids.length, `ids twice: ${ids}`);
for (const described of all('[aria-describedby]')) {
  for (const id of described.getAttribute('aria-describedby').split(' ')) {
    if (!ids.includes(id)) say(`described by nothing (${id})`, described);
  }
}

// Room and reach
const { scrollWidth, clientWidth } = document.documentElement; // innerWidth grows with what overflows
expect(scrollWidth <= clientWidth, `scrolls sideways: ${scrollWidth} in ${clientWidth}`);
for (const control of all('a, button, input, textarea')) {
  if (control.closest('.text, .bio')) continue; // In a sentence a link is as high as its line (WCAG 2.5.8).
  const box = control.getBoundingClientRect();
  if (box.right > 0 && box.height < 44) say(`${box.height} pixels high`, control);
}

// Contrast of text with the nearest ground that is painted (none of ours is translucent)
const channels = colour => colour.match(/[\d.]+/g).map(Number);
const luminance = colour => channels(colour).slice(0, 3)
  .map(value => value / 255)
  .map(value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
  .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
const ground = element => {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if ((channels(colour)[3] ?? 1) > 0) return colour;
  }
  return 'rgb(255, 255, 255)';
};
for (const element of all('body *')) {
  const speaks = [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
  if (!speaks && element.type !== 'submit') continue;
  const pair = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((a, b) => b - a);
  const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
  if (contrast < 4.5) say(`contrast ${contrast.toFixed(2)}`, element);
}
const dark = matchMedia('(prefers-color-scheme: dark)').matches;
const shade = luminance(ground(document.body));
expect(dark ? shade < 0.05 : shade > 0.8, `a ground of ${shade} for a reader who wants it ${dark ? 'dark' : 'light'}`);

// Nothing inline, nothing from elsewhere
for (const element of all('script:not([src]), style, [style]:not([style=""]), [onclick]')) say('inline', element);
for (const entry of performance.getEntries().filter(entry => ['navigation', 'resource'].includes(entry.entryType))) {
  expect(new URL(entry.name).origin === location.origin, `from elsewhere: ${entry.name}`);
}
return wrong;
