// Warns before the session ends, lets it go on, and keeps what was typed when it has ended. The server decides when.
"use strict";

(() => {
  const WARN = 5 * 60; // seconds before the end; half of a session that is shorter
  const LOOK = 10; // seconds between two looks at the clock

  const dialog = document.getElementById("session");
  if (!dialog) return;
  const { watch, seconds } = dialog.dataset;
  const token = dialog.querySelector("[name=csrfmiddlewaretoken]").value;
  const warn = Math.min(WARN, Number(seconds) / 2);
  const ends = (left) => Date.now() + left * 1000;
  let end = ends(Number(seconds));
  let told = "";

  const ask = async (method) => {
    const answer = await fetch(watch, { method, headers: { "X-CSRFToken": token }, cache: "no-store" });
    return answer.ok ? answer.json() : null;
  };

  // One part of the dialog is shown at a time; what it says of time is kept true.
  const show = (state) => {
    const left = Math.max(0, (end - Date.now()) / 1000);
    for (const line of dialog.querySelectorAll("[data-left]")) {
      const words = left < 60 ? line.dataset.minute : line.dataset.minutes.replace("{n}", Math.round(left / 60));
      if (line.textContent !== words) line.textContent = words;
    }
    if (told === state) return;
    told = state;
    for (const part of dialog.querySelectorAll("[data-state]")) part.hidden = part.dataset.state !== state;
    const shown = dialog.querySelector(`[data-state="${state}"]`);
    const title = shown.querySelector("h2");
    dialog.querySelector("#session-title")?.removeAttribute("id");
    title.id = "session-title";
    if (!dialog.open) dialog.showModal();
    shown.querySelector("button").focus();
  };

  const close = () => {
    if (dialog.open) dialog.close();
  };

  // The truth is asked for before anything is said: another window may have gone on, or signed out.
  const look = async () => {
    const left = (end - Date.now()) / 1000;
    if (told === "over" || left > warn) return;
    const now = await ask("GET").catch(() => null);
    if (!now) return;
    end = ends(now.seconds);
    if (now.seconds <= 0) show("over");
    else if (now.seconds > warn) {
      told = "";
      close();
    } else if (told !== "last" || now.extendable) show(now.extendable ? "soon" : "last");
  };

  const stay = async () => {
    const now = await ask("POST").catch(() => null);
    if (!now) return;
    end = ends(now.seconds);
    told = "";
    if (now.seconds > 0) close();
    else show("over");
  };

  // A form that holds what was typed takes it along; any other page is simply opened again.
  const signIn = () => {
    const form = document.querySelector("form[data-keep]");
    if (!form) return dialog.querySelector("[data-sign-in]").submit();
    const save = Object.assign(document.createElement("input"), { type: "hidden", name: "do", value: "save" });
    form.append(save);
    form.submit();
  };

  const steps = {
    stay,
    close,
    out: () => dialog.querySelector("[data-sign-out]").submit(),
    in: signIn,
  };

  dialog.addEventListener("click", (event) => steps[event.target.closest("[data-do]")?.dataset.do]?.());
  dialog.addEventListener("cancel", (event) => {
    if (told !== "soon") return;
    event.preventDefault();
    stay();
  });
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    if (ctx.response?.raw?.status === 401) show("over");
    else if (ctx.response?.raw?.ok) end = ends(Number(seconds)); // a page was asked for: the time begins anew
  });
  document.addEventListener("visibilitychange", () => document.hidden || look());
  setInterval(look, LOOK * 1000);
})();
