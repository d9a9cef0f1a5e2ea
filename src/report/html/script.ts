// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * Search and filters of the report, as the text of a script for browsers. Their state is in the address, after `#`. The report is
 * complete without the script, because some servers forbid scripts in artifacts.
 */
export const script = `'use strict';
const form = document.querySelector('form.filters');
const [search, file, shown] = [form.elements.q, form.elements.file, form.querySelector('output')];
const boxes = [...form.querySelectorAll('[name=status]')];
const tests = [...document.querySelectorAll('details.test')];
const groups = [...document.querySelectorAll('main section, details.group')].reverse(); // inner ones first
const links = [...document.querySelectorAll('nav li[data-test]')];
const causes = [...document.querySelectorAll('nav.causes, nav.causes > ol > li')].reverse();
const wasOpen = new Map(groups.map((group) => [group, group.open]));
const texts = new Map();

function textOf(test) {
  if (!texts.has(test)) {
    const parts = test.querySelectorAll('summary .name, .failure, .cause');
    texts.set(test, [test.dataset.file, ...[...parts].map((part) => part.textContent)].join('\\n').toLowerCase());
  }
  return texts.get(test);
}

function apply() {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  const statuses = boxes.filter((box) => box.checked).map((box) => box.value);
  const isFiltered = words.length > 0 || statuses.length > 0 || file.value !== '';
  for (const test of tests) {
    const isShown =
      (statuses.length === 0 || statuses.includes(test.dataset.status)) &&
      (file.value === '' || test.dataset.file === file.value) &&
      words.every((word) => textOf(test).includes(word));
    test.hidden = !isShown;
  }
  const has = (element, selector) => element.querySelector(selector + ':not([hidden])') !== null;
  for (const group of groups) {
    if (group.querySelector('.test') !== null) group.hidden = !has(group, '.test');
    if (group.matches('details')) group.open = isFiltered || wasOpen.get(group);
  }
  for (const link of links) link.hidden = document.getElementById(link.dataset.test).parentElement.hidden;
  for (const cause of causes) cause.hidden = !has(cause, '[data-test]');
  const count = tests.filter((test) => !test.hidden).length;
  shown.textContent = isFiltered ? count + ' of ' + tests.length + ' tests' : '';
}

function save() {
  const state = new URLSearchParams();
  if (search.value !== '') state.set('q', search.value);
  const statuses = boxes.filter((box) => box.checked).map((box) => box.value);
  if (statuses.length > 0) state.set('status', statuses.join(' '));
  if (file.value !== '') state.set('file', file.value);
  history.replaceState(null, '', '#' + state);
}

function load() {
  if (/^#t\\d+$/.test(location.hash)) return; // a link to a test
  const state = new URLSearchParams(location.hash.slice(1));
  search.value = state.get('q') ?? '';
  file.value = state.get('file') ?? '';
  if (file.selectedIndex < 0) file.value = '';
  for (const box of boxes) box.checked = (state.get('status') ?? '').split(' ').includes(box.value);
  apply();
}

form.addEventListener('input', () => {
  apply();
  save();
});
form.addEventListener('submit', (event) => event.preventDefault());
window.addEventListener('hashchange', load);
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target.matches('input, select')) return;
  event.preventDefault();
  search.focus();
});
form.hidden = false;
load();
`;
