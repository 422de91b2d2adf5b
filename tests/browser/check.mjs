// The HTML report in a real browser: no request leaves, no error, plots with the right number of marks, zoom, filters
// and evidence links work, enough contrast in both themes, nothing that axe finds. Prints one line a file.
import { chromium } from "playwright-core";
import { readFileSync, rmSync, mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { tmpdir } from "node:os";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const profile = mkdtempSync(join(tmpdir(), "pgautopsy-browser-"));
const shots = process.env.SHOTS;
let failed = 0;

class Check {
  constructor(file) { this.file = file; this.wrong = []; this.done = 0; }
  is(what, ok, more = "") { this.done += 1; if (!ok) this.wrong.push(`${what} ${more}`.trim()); }
}

// What the report's own data says must be drawn.
const expected = (report) => {
  const from = Date.parse(report.window.from), to = Date.parse(report.window.to);
  const inside = (at) => Date.parse(at) >= from && Date.parse(at) <= to;
  const pg = report.lanes.filter((l) => l.program === "postgresql");
  const lanes = new Set(pg.map((l) => l.host));
  for (const e of report.timeline) if (e.alarm && inside(e.at) && e.host && lanes.size < 12) lanes.add(e.host);
  const of = (...metrics) => report.series.filter((s) => metrics.includes(s.metric));
  const drawn = (list) => (list.some((s) => s.points.some((p) => p[3] > 0)) ? list.length : 0);
  return {
    events: report.timeline.filter((e) => inside(e.at) && lanes.has(e.host)).length,
    roles: pg.flatMap((l) => l.intervals).filter((i) => Date.parse(i.to) >= from && Date.parse(i.from) <= to).length,
    await: drawn(of("disk.await")),
    util: drawn(of("disk.util")),
    iowait: drawn(of("cpu.iowait")),
    space: drawn(of("fs.used")),
    fsync: of("etcd.fsync_slow").flatMap((s) => s.points).length,
    heartbeat: of("etcd.heartbeat_late").flatMap((s) => s.points).length,
    hosts: new Set(pg.map((l) => l.host)).size,
  };
};

const relative = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map((c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const contrast = (a, b) => { const [x, y] = [relative(a), relative(b)].sort((m, n) => n - m); return (x + 0.05) / (y + 0.05); };

const one = async (context, file, check) => {
  const report = JSON.parse(readFileSync(join(dirname(file), "report.json"), "utf8"));
  const want = expected(report);
  const page = await context.newPage();
  const asked = [];
  page.on("request", (r) => asked.push(r.url()));
  page.on("console", (m) => { if (["error", "warning"].includes(m.type())) check.is("console is silent", false, m.text()); });
  page.on("pageerror", (e) => check.is("no script fails", false, e.message));
  await page.goto("file://" + file);
  const count = (q) => page.locator(q).count();
  const texts = (q) => page.locator(q).allTextContents();

  // ---- what it says
  check.is("headline", (await page.locator("h1").textContent()) === report.verdict.headline);
  check.is("chain", (await count("#chain .chain > li")) === report.verdict.chain.length);

  // ---- plots and their marks
  check.is("ticks of events", (await count("#plot-roles .ev[data-i]")) === want.events, `${await count("#plot-roles .ev[data-i]")} for ${want.events}`);
  check.is("bars of roles", (await count("#plot-roles g.r")) === want.roles, `${await count("#plot-roles g.r")} for ${want.roles}`);
  for (const panel of ["await", "util", "iowait", "space"]) {
    const n = await count(`#plot-${panel} .data > g.s`);
    check.is(`lines of ${panel}`, n === want[panel], `${n} for ${want[panel]}`);
  }
  for (const panel of ["fsync", "heartbeat"]) {
    const n = await count(`#plot-${panel} .data > g.told polyline`);
    check.is(`bars of ${panel}`, n === want[panel], `${n} for ${want[panel]}`);
  }
  check.is("lines written", (await count("#plot-lines .data > g.s")) > 0);
  const empty = await page.$$eval("svg.data > g", (all) => all.filter((g) => !g.children.length).length);
  check.is("every mark is drawn", empty === 0, `${empty} empty`);

  // ---- zoom
  const box = () => page.locator("#plot-roles svg.data").getAttribute("viewBox");
  const whole = await box();
  await page.locator("#incident").click();
  const close = await box();
  const width = (b) => Number(b.split(" ")[2]);
  if (report.incidents.length) check.is("zoom to the incident", width(close) < width(whole), `${whole} ${close}`);
  const boxes = await page.$$eval("svg.data", (all) => new Set(all.map((s) => s.getAttribute("viewBox").split(" ").slice(0, 3).filter((_, i) => i !== 1).join())).size);
  check.is("all plots show the same time", boxes === 1, `${boxes}`);
  const rows = page.locator("table.events tbody tr");
  const visible = async () => rows.evaluateAll((all) => all.filter((r) => !r.hidden).length);
  const zoomed = await visible();
  await page.locator("#whole").click();
  check.is("and back", (await box()) === whole);
  check.is("events follow the zoom", zoomed <= (await visible()));
  await page.locator("#from").fill(report.window.from.slice(0, 19).replace("T", " "));
  const mid = new Date((Date.parse(report.window.from) + Date.parse(report.window.to)) / 2).toISOString().slice(0, 19).replace("T", " ");
  await page.locator("#to").fill(mid);
  await page.locator("#go").click();
  check.is("zoom to a typed time", Math.abs(width(await box()) / width(whole) - 0.5) < 0.05, await box());
  await page.locator("#whole").click();
  const fig = await page.locator("#plot-roles svg.fig").boundingBox();
  await page.locator("#plot-roles").scrollIntoViewIfNeeded();
  const at = await page.locator("#plot-roles svg.fig").boundingBox();
  await page.mouse.move(at.x + at.width * 0.4, at.y + at.height * 0.5);
  check.is("values under the pointer", await page.locator("#tip").isVisible());
  await page.mouse.down();
  await page.mouse.move(at.x + at.width * 0.6, at.y + at.height * 0.5, { steps: 4 });
  await page.mouse.up();
  check.is("zoom by dragging", width(await box()) < width(whole) * 0.4, `${await box()} ${fig.width}`);
  await page.locator("#plot-roles .scroll").first().focus();
  await page.keyboard.press("0");
  check.is("0 shows the whole", (await box()) === whole);
  for (let i = 0; i < 3; i += 1) await page.keyboard.press("ArrowRight");
  check.is("values by the keyboard are spoken", /\d\d:\d\d:\d\d/.test(await page.locator("#say").textContent()));
  await page.keyboard.press("Escape");
  check.is("Escape hides them", await page.locator("#tip").isHidden());

  // ---- filters
  const boxesOf = page.locator("#hosts input");
  const hosts = await boxesOf.evaluateAll((all) => all.map((i) => i.value));
  check.is("a filter for every host", hosts.length >= want.hosts);
  const shownOf = (host) => page.$$eval("svg.data g[data-host]", (all, h) => all.filter((g) => g.dataset.host === h && g.style.display !== "none").length, host);
  check.is("a host is drawn", (await shownOf(hosts[0])) > 0);
  await boxesOf.first().uncheck();
  check.is("a host can be hidden", (await shownOf(hosts[0])) === 0);
  check.is("others stay", hosts.length < 2 || (await shownOf(hosts[1])) > 0);
  await boxesOf.first().check();
  const kinds = await page.locator("#kinds input[value]:not(#alarms)").evaluateAll((all) => all.map((i) => i.value));
  const shownKind = (kind) => page.$$eval(".ev[data-kind]", (all, k) => all.filter((g) => g.dataset.kind === k && g.style.display !== "none").length, kind);
  for (const kind of kinds.slice(0, 2)) {
    const before = await shownKind(kind);
    await page.locator(`#kinds input[value=${kind}]`).uncheck();
    check.is(`events of ${kind} can be hidden`, (await shownKind(kind)) === 0 && before >= 0);
    await page.locator(`#kinds input[value=${kind}]`).check();
    check.is("and shown again", (await shownKind(kind)) === before);
  }
  await page.locator("#alarms").check();
  const quiet = await page.$$eval(".ev[data-kind]:not(.alarm)", (all) => all.filter((g) => g.style.display !== "none").length);
  check.is("alarms only", quiet === 0, `${quiet} others`);
  await page.locator("#alarms").uncheck();

  // ---- evidence
  const links = page.locator("a.proof[href^='#x']");
  check.is("evidence links", (await links.count()) > 0);
  const dead = await page.$$eval("a[href^='#']", (all) => all.filter((a) => a.hash.length > 1 && !document.getElementById(a.hash.slice(1))).map((a) => a.hash));
  check.is("every link leads somewhere", dead.length === 0, dead.slice(0, 3).join());
  const first = links.first();
  const [path, line] = (await first.getAttribute("href")).slice(1).split("-");
  await first.click();
  check.is("a link opens its lines", await page.locator("#box").evaluate((d) => d.open));
  const number = await page.locator("#box tr.cited th").first().textContent();
  check.is("the cited line is marked", (await texts("#box tr.cited th")).includes(line) && number.length > 0, `${path} ${line}`);
  check.is("with its neighbours", (await count("#box tr")) > 1);
  await page.keyboard.press("Escape");
  check.is("Escape closes them", !(await page.locator("#box").evaluate((d) => d.open)));

  // ---- contrast of the plots, which axe does not look at, and axe itself, in both themes
  for (const theme of ["light", "dark"]) {
    await page.evaluate((t) => { document.documentElement.dataset.theme = t; }, theme);
    const pairs = await page.evaluate(() => {
      const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
      const rgb = (c) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3); };
      const style = getComputedStyle(document.documentElement), v = (n) => rgb(style.getPropertyValue(n).trim());
      const card = v("--card"), out = [];
      for (const n of ["--ink", "--soft", "--accent", "--bad", "--warn", "--good"]) out.push([n, 4.5, v(n), card]);
      for (const n of ["--s0", "--s1", "--s2", "--s3", "--s4", "--s5", "--k0", "--k1", "--k2", "--k3", "--k4", "--k5", "--k6", "--leader", "--replica", "--demoting", "--down"]) out.push([n, 3, v(n), card]);
      out.push(["leader label", 4.5, v("--onleader"), v("--leader")], ["replica label", 4.5, v("--onreplica"), v("--replica")], ["demoting label", 4.5, v("--ondemoting"), v("--demoting")], ["cited line", 4.5, v("--ink"), v("--hit")]);
      return out;
    });
    for (const [name, least, a, b] of pairs) check.is(`contrast of ${name}, ${theme}`, contrast(a, b) >= least, contrast(a, b).toFixed(2));
    await page.evaluate(() => { for (const d of document.querySelectorAll("details")) d.open = true; });
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    for (const v of found.violations) check.is(`axe, ${theme}`, false, `${v.id} (${v.nodes.length}): ${v.nodes[0].html.slice(0, 160)} ${v.nodes[0].failureSummary.split("\n")[1] ?? ""}`);
    check.is(`axe looked, ${theme}`, found.passes.length > 20, `${found.passes.length}`);
    await page.evaluate(() => { for (const d of document.querySelectorAll("details")) d.open = false; });
  }
  await page.locator("#theme").click();
  check.is("the button changes the theme", (await page.evaluate(() => document.documentElement.dataset.theme)) === "light");
  check.is("no request leaves", asked.every((u) => u === "file://" + file || u.startsWith("data:")), asked.slice(0, 4).join());
  await page.close();
};

// Without its script, on a phone, and on paper.
const bare = async (browser, file, check) => {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 390, height: 800 } });
  const page = await context.newPage();
  await page.goto("file://" + file);
  check.is("readable without script", (await page.locator("h1").isVisible()) && (await page.locator("#plot-roles svg.fig").isVisible()));
  check.is("no dead controls without script", !(await page.locator("#controls").isVisible()) && !(await page.locator("#theme").isVisible()));
  check.is("raw lines without script", await page.locator("tr.cited").first().isVisible());
  check.is("no sideways scrolling on a phone", await page.locator("html").evaluate((e) => e.scrollWidth <= e.clientWidth + 1).catch(() => true));
  await context.close();
};

// Printed, and on a telephone: the answer first, nothing wider than the screen, no novel.
const paper = async (context, file, check) => {
  const page = await context.newPage();
  await page.goto("file://" + file);
  const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
  const pages = (pdf.match(/\/Type\s*\/Page\b/g) ?? []).length;
  check.is("fits on paper", pages > 2 && pages <= 30, `${pages} pages`);
  await page.emulateMedia({ media: "print" });
  check.is("controls are not printed", await page.locator("#controls").isHidden());
  check.is("what is left out on paper is said", await page.locator("#events .paper").isVisible());
  await page.emulateMedia({ media: "screen" });
  await page.setViewportSize({ width: 390, height: 844 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check.is("fits a telephone", wide <= 390, `${wide} wide`);
  await page.close();
};

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: [...flags, `--crash-dumps-dir=${profile}`] });
try {
  for (const given of process.argv.slice(2)) {
    const file = resolve(given), check = new Check(file);
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
    const size = readFileSync(file).length;
    check.is("smaller than 1 MB", size < 1_000_000, `${size}`);
    try {
      await one(context, file, check);
      await bare(browser, file, check);
      await paper(context, file, check);
    } catch (e) {
      check.is("the browser test runs to its end", false, e.message.split("\n").slice(0, 3).join(" "));
    }
    if (shots) {
      const page = await context.newPage();
      for (const [name, scheme, width, media] of [["light", "light", 1200, "screen"], ["dark", "dark", 1200, "screen"], ["narrow", "light", 390, "screen"], ["print", "light", 800, "print"]]) {
        await page.setViewportSize({ width, height: 1000 });
        await page.emulateMedia({ colorScheme: scheme, media });
        await page.goto("file://" + file);
        await page.screenshot({ path: join(shots, `${dirname(file).split("/").pop()}-${name}.png`), fullPage: true });
      }
    }
    await context.close();
    failed += check.wrong.length;
    console.log(`${check.wrong.length ? "FAILED" : "ok"} ${given}: ${check.done} checks, ${Math.round(size / 1000)} kB`);
    for (const w of check.wrong) console.log("   wrong: " + w);
  }
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
