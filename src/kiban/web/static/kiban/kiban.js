// Small helps on top of pages that work without them. No rule of any form stands here: the server decides.
"use strict";

(() => {
  const whenReady = (run) =>
    document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", run) : run();

  // After a refused form the summary of problems is what is read first.
  const focusSummary = () => document.querySelector("[data-focus]")?.focus();

  // A second press of the same button sends nothing; the server would answer with the first result anyway.
  const sendOnce = (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent === "yes") {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-disabled", "true");
  };

  // A page that comes back from the browser's memory can be sent again.
  const wake = () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
  };

  // A link of the summary puts the cursor into the field it names, not only its heading on the screen.
  const followToField = (event) => {
    const link = event.target.closest?.("a[data-field]");
    const target = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!target) return;
    event.preventDefault();
    const field = target.matches("input, select, textarea, button")
      ? target
      : target.querySelector("input:not([type=hidden]), select, textarea, button");
    (field ?? target).focus();
    target.scrollIntoView({ block: "center" });
  };

  // A calendar beside a date that may also be typed in the Japanese era.
  const openCalendar = (event) => {
    const button = event.target.closest?.("button[data-calendar]");
    if (!button) return;
    const picker = document.getElementById(button.dataset.calendar + "-picker");
    const field = document.getElementById(button.dataset.calendar);
    if (!picker || !field) return;
    picker.addEventListener(
      "change",
      () => {
        field.value = picker.value;
        field.dispatchEvent(new Event("change", { bubbles: true }));
        field.focus();
      },
      { once: true },
    );
    picker.showPicker();
  };

  // The position of this device, with how precise it is; what is typed over it counts as typed.
  const locate = (event) => {
    const button = event.target.closest?.("button[data-locate]");
    const point = button?.closest("[data-point]");
    if (!point) return;
    const told = point.querySelector("[data-located]");
    const input = (part) => point.querySelector(`input[name$=".${part}"]`);
    if (!navigator.geolocation) {
      told.textContent = button.dataset.denied;
      return;
    }
    told.textContent = button.dataset.busy;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        input("lat").value = coords.latitude.toFixed(7);
        input("lon").value = coords.longitude.toFixed(7);
        input("precision").value = Math.ceil(coords.accuracy);
        input("measured").value = `${input("lat").value},${input("lon").value}`;
        told.textContent = "";
        input("lon").dispatchEvent(new Event("change", { bubbles: true }));
      },
      () => {
        told.textContent = button.dataset.denied;
      },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
    );
  };

  const usePrint = (event) => {
    if (event.target.closest?.("button[data-print]")) window.print();
  };

  const copy = async (event) => {
    const button = event.target.closest?.("button[data-copy]");
    const field = button && document.getElementById(button.dataset.copy);
    if (!field) return;
    field.select();
    await navigator.clipboard?.writeText(field.value).catch(() => {});
    button.textContent = button.dataset.copied;
  };

  // Changing the language takes along what stands in the form of the page.
  const carry = (event) => {
    const form = event.target.matches("[data-carry]") && document.querySelector("form[data-keep]");
    if (!form) return;
    const fields = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken");
    const kept = event.target.elements.kept ?? Object.assign(document.createElement("input"), { type: "hidden", name: "kept" });
    kept.value = JSON.stringify({ to: form.getAttribute("action") ?? event.target.dataset.carry, fields, files: [] });
    event.target.append(kept);
  };

  // What only works with a script shows only with a script.
  const reveal = (root) => {
    for (const part of root.querySelectorAll?.("[data-with-script][hidden]") ?? []) part.hidden = false;
  };

  // What stands in a form now, field by field; the field that is being typed into is looked after by the swap itself.
  const standing = (form) => [...new FormData(form)].map(([name, value]) => [name, value.name ?? value]);
  const others = (pairs) => JSON.stringify(pairs.filter(([name]) => name !== document.activeElement?.name));

  const remember = ({ detail: { ctx } }) => {
    const form = ctx.sourceElement.closest?.("form");
    if (form) ctx.stood = standing(form);
  };

  // An answer is put in only where it belongs: not when the form has changed since it was asked for (the next
  // answer is under way), and not when it is another page (signed out meanwhile).
  const admit = (event) => {
    const { ctx } = event.detail;
    const form = ctx.sourceElement.closest?.("form");
    const late = form && ctx.stood && others(ctx.stood) !== others(standing(form));
    if (late || ctx.response.raw.redirected) event.preventDefault();
  };

  whenReady(() => {
    reveal(document);
    focusSummary();
    document.addEventListener("submit", carry);
    document.addEventListener("submit", sendOnce);
    document.addEventListener("click", followToField);
    document.addEventListener("click", openCalendar);
    document.addEventListener("click", locate);
    document.addEventListener("click", usePrint);
    document.addEventListener("click", copy);
    document.querySelector("form[data-go-on]")?.submit(); // nothing is lost by going on: the page shows it again
    document.addEventListener("htmx:before:request", remember);
    document.addEventListener("htmx:before:swap", admit);
    document.addEventListener("htmx:after:swap", () => reveal(document));
    window.addEventListener("pageshow", (event) => event.persisted && wake());
  });
})();
