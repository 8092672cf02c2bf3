// Keys, copying and live updates. Pages work without it.
document.documentElement.classList.add('js');
const $ = (what, root = document) => root.querySelector(what);
const rows = () => [...document.querySelectorAll('tr[data-row]')].filter((row) => row.offsetParent);
const isTyping = (target) => target.matches('input, select, textarea') || target.isContentEditable;
const isChanged = (field) =>
  field.options
    ? field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected))
    : field.value !== field.defaultValue || field.checked !== field.defaultChecked;
let at = -1;

const go = (step) => {
  const all = rows();
  if (!all.length) return;
  all[at]?.classList.remove('at');
  at = Math.max(0, Math.min(all.length - 1, at + step));
  all[at].classList.add('at');
  $('a', all[at])?.focus({ preventScroll: true });
  all[at].scrollIntoView({ block: 'nearest' });
};

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === 'Escape' && isTyping(event.target)) return event.target.blur();
  if (isTyping(event.target)) return;
  const search = $('#search');
  const act = {
    '/': () => (search ? search.focus() : location.assign('/#search')),
    j: () => go(1),
    k: () => go(-1),
    g: () => location.assign('/'),
    a: () => location.assign('/activity'),
    '?': () => ($('#keys').open ? $('#keys').close() : $('#keys').showModal()),
  }[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});
if (location.hash === '#search') $('#search')?.focus();

const prepare = () => {
  for (const pre of document.querySelectorAll('pre[data-copy]')) {
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'copy', textContent: 'Copy' });
    button.setAttribute('aria-label', 'Copy ' + (pre.previousElementSibling?.textContent ?? ''));
    button.onclick = async () => {
      try {
        await navigator.clipboard.writeText($('code', pre).textContent);
        button.textContent = 'Copied';
      } catch {
        getSelection().selectAllChildren($('code', pre));
        button.textContent = 'Press Ctrl-C';
      }
      setTimeout(() => (button.textContent = 'Copy'), 1500);
    };
    pre.append(button);
  }

  for (const select of document.querySelectorAll('.filters select')) select.onchange = () => select.form.requestSubmit();
  for (const form of document.querySelectorAll('form[method=get]')) {
    form.addEventListener('submit', () => {
      for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
    });
  }
};
// As the server has made it.
let shown = $('main').innerHTML;
prepare();

// What happens in the repositories, as it happens: the parts of the page that changed are taken from the page as it is now.
let waiting = 0;
const places = () => [...document.querySelectorAll('main a, main button, main summary, main select, main [tabindex]')];
const named = (place) => place && (place.id || place.getAttribute('href') || place.getAttribute('aria-label') || place.textContent);
const scrolls = () => [...document.querySelectorAll('main .scroll')];
const refresh = async (what) => {
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const before = new Set([...document.querySelectorAll('tr[data-row], .events li')].map((row) => row.textContent));
  const open = [...document.querySelectorAll('main details')].map((details) => details.open);
  const fields = [...document.querySelectorAll('main :is(input, select, textarea)')];
  const typing = (document.activeElement && isTyping(document.activeElement)) || fields.some(isChanged);
  const next = $('main', page);
  // What cannot be read is said whatever is being typed.
  if ($('#notices', page)) $('#notices').replaceChildren(...$('#notices', page).childNodes);
  if (!next || typing) return what && show(what + ' (reload the page to see it)');
  const text = next.innerHTML;
  if (text !== shown) {
    shown = text;
    const focused = places().indexOf(document.activeElement);
    const name = named(places()[focused]);
    const left = scrolls().map((scroll) => scroll.scrollLeft);
    $('main').replaceChildren(...next.childNodes);
    document.querySelectorAll('main details').forEach((details, index) => (details.open = open[index] ?? details.open));
    scrolls().forEach((scroll, index) => (scroll.scrollLeft = left[index] ?? 0));
    if (what) for (const row of document.querySelectorAll('tr[data-row], .events li')) if (!before.has(row.textContent)) row.classList.add('fresh');
    if (what) at = -1;
    rows()[at]?.classList.add('at');
    const again = places();
    if (focused >= 0) (named(again[focused]) === name ? again[focused] : again.find((place) => named(place) === name))?.focus({ preventScroll: true });
    prepare();
  }
  if (!what) return;
  show(what);
  catchUp(400);
};
// What takes longer to find out than a page may take is on it once it is known.
let catching = 0;
const catchUp = (wait) => {
  clearTimeout(catching);
  if ($('[data-pending]')) catching = setTimeout(() => refresh('').finally(() => catchUp(Math.min(2 * wait, 10000))), wait);
};
catchUp(400);
const show = (text, stays) => {
  const box = $('#live');
  box.textContent = text;
  box.hidden = false;
  clearTimeout(show.timer);
  if (!stays) show.timer = setTimeout(() => (box.hidden = true), 6000);
};
if (document.body.dataset.live === 'on') {
  const stream = new EventSource('/api/v1/events/stream');
  // Without the server nothing says that the page is old; when it is back, what happened meanwhile is looked up.
  let away = 0;
  stream.addEventListener('hello', () => {
    clearTimeout(away);
    if (away) refresh('Connected again');
    away = 0;
  });
  stream.addEventListener('error', () => {
    away ||= setTimeout(() => show('The server does not answer: this page may be old', true), 1500);
  });
  stream.addEventListener('change', (event) => {
    const change = JSON.parse(event.data);
    const words = { new: 'New', gone: 'Deleted', moved: 'Moved' };
    clearTimeout(waiting);
    waiting = setTimeout(() => refresh(`${words[change.kind] ?? change.kind}: ${change.tag}`), 20);
  });
  let changing = 0;
  stream.addEventListener('state', () => {
    clearTimeout(changing);
    changing = setTimeout(() => refresh('').then(() => catchUp(400)), 200);
  });
  addEventListener('pagehide', () => stream.close());
}
