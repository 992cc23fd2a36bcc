/** The search page: finds what is in guides and reference, takes hostile words as text, and says what is wrong. */
import { strict as assert } from "node:assert";

export default async ({ open, url, check, faults }) => {
  /** Waits for the status line to say something of these words. */
  const said = async (page, pattern) => {
    await page.waitForFunction(
      (source) => new RegExp(source).test(document.getElementById("status").textContent),
      { timeout: 20_000 },
      pattern.source,
    );
    return page.$eval("#status", ({ textContent }) => textContent);
  };
  const results = (page) =>
    page.$$eval("#results > li", (items) =>
      items.map((item) => ({
        title: item.querySelector("h2 a").textContent,
        to: item.querySelector("h2 a").href,
        kind: item.querySelector(".kind").textContent,
        marks: item.querySelectorAll("mark").length,
      })),
    );

  for (const [word, path] of [
    ["dropout", "docs/api/wasmgrad/dropout/"],
    ["standardize", "docs/api/wasmgrad/standardize/"],
    ["Dense", "docs/api/wasmgrad/dense/"],
  ])
    await check(`finds ${word}`, async () => {
      const page = await open(`search/?q=${word}`);
      await said(page, new RegExp(`pages for “${word}”`));
      const found = await results(page);
      assert.deepEqual([found[0].to, found[0].kind], [url + path, "Reference"], JSON.stringify(found));
      assert.ok(found.some(({ kind }) => kind === "Guide"));
      assert.ok(found.every(({ to }) => to.startsWith(url)));
      assert.ok(found.every(({ marks }) => marks > 0));
      await page.goto(found[0].to);
      assert.match(await page.$eval("main", ({ textContent }) => textContent), new RegExp(word, "i"));
      await page.close();
    });

  await check("searches from the field of any page, and while one types", async () => {
    const page = await open("docs/training/");
    await page.type(".top input[type=search]", "early stopping");
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    assert.ok(page.url().startsWith(`${url}search/?q=early`));
    await said(page, /pages for “early stopping”/);
    await page.$eval("#query", (input) => input.select());
    await page.type("#query", "confusion matrix");
    await said(page, /for “confusion matrix”/);
    assert.equal(new URL(page.url()).searchParams.get("q"), "confusion matrix");
    assert.equal(await page.evaluate(() => document.activeElement.id), "query");
    await page.close();
  });

  await check("shows more, and leads focus to it", async () => {
    const page = await open("search/?q=model");
    await said(page, /pages for/);
    const before = (await results(page)).length;
    await page.click("#more");
    await page.waitForFunction((n) => document.querySelectorAll("#results > li").length > n, {}, before);
    const focused = await page.evaluate(() =>
      Array.from(document.querySelectorAll("#results > li")).findIndex((item) =>
        item.contains(document.activeElement),
      ),
    );
    assert.equal(focused, before);
    await page.close();
  });

  await check("takes hostile words as text", async () => {
    const words = "<img src=x onerror=document.title=1><script>document.title=2</script>";
    const page = await open(`search/?q=${encodeURIComponent(words)}`);
    await said(page, /“<img src=x/);
    assert.equal(await page.$eval("#query", ({ value }) => value), words);
    assert.equal(await page.$("main img, main script"), null);
    assert.match(await page.title(), /wasmgrad$/);
    await page.close();
    const long = await open(`search/?q=${"a".repeat(5000)}`);
    await said(long, /Nothing was found/);
    await long.close();
  });

  await check("says what to do without words, and without results", async () => {
    const page = await open("search/");
    assert.match(await said(page, /Type a word/), /dropout/);
    await page.type("#query", "xyzzyplugh");
    await said(page, /Nothing was found for “xyzzyplugh”/);
    assert.equal(await page.$eval("#more", ({ hidden }) => hidden), true);
    await page.close();
  });

  await check("says that the index could not be loaded, and finds it later", async () => {
    const page = await open("search/");
    await page.setOfflineMode(true);
    await page.type("#query", "dropout");
    await said(page, /could not be loaded/);
    faults.length = 0;
    await page.setOfflineMode(false);
    await page.keyboard.press("Enter");
    await said(page, /pages for “dropout”/);
    await page.close();
  });

  await check("says so without JavaScript", async () => {
    const page = await open("docs/");
    await page.setJavaScriptEnabled(false);
    await page.goto(`${url}search/?q=dropout`);
    assert.match(await page.$eval("main", ({ textContent }) => textContent), /Searching needs JavaScript/);
    await page.close();
  });
};
