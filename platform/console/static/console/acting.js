// Shows the dialogs of acts over the page. Without this script, each is a page of its own.
(() => {
    const HEADERS = { "X-Console-Dialog": "1" };
    let dialog = null;

    // Focus goes into the dialog and back to the button, and Escape closes it: all of it the browser's own.
    const open = () => {
        dialog = document.createElement("dialog");
        dialog.className = "pc-dialog";
        dialog.setAttribute("aria-labelledby", "pc-act-title");
        dialog.addEventListener("close", () => dialog.remove());
        dialog.innerHTML = '<p role="status">Loading…</p>';
        document.body.append(dialog);
        dialog.showModal(); // at once, so that no key meant for it reaches the page
    };

    const show = (html) => {
        dialog.innerHTML = html;
        const wrong = dialog.querySelector(".errors textarea, .errors input, .errors select");
        (wrong || dialog.querySelector("[autofocus]"))?.focus();
    };

    const answer = async (response) => {
        const next = response.headers.get("X-Console-Go-To");
        if (next) return window.location.assign(next);
        const html = await response.text();
        if (response.status >= 500 && !html.includes("data-act-form")) throw new Error(response.statusText);
        // Anything else than a dialog, such as the log-in page, is shown as the page that it is.
        if (!html.includes("data-act-form")) return window.location.assign(response.url);
        show(html);
    };

    document.addEventListener("click", async (event) => {
        const link = event.target.closest("a[data-act]");
        if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
            event.preventDefault();
            open();
            try {
                await answer(await fetch(link.href, { headers: HEADERS }));
            } catch {
                window.location.assign(link.href);
            }
        }
        if (event.target.closest("[data-act-cancel]") && dialog?.open) {
            event.preventDefault();
            dialog.close();
        }
    });

    document.addEventListener("submit", async (event) => {
        const form = event.target.closest("[data-act-form]");
        if (!form || !dialog?.contains(form)) return;
        event.preventDefault();
        const button = form.querySelector("[type=submit]");
        if (button.disabled) return;
        button.disabled = true;
        try {
            await answer(await fetch(form.action, { method: "POST", body: new FormData(form), headers: HEADERS }));
        } catch {
            // No answer, or an error: the token in the form keeps a second try from doing it twice.
            button.disabled = false;
            const notice = form.querySelector("[data-act-unanswered]");
            notice.hidden = false;
        }
    });
})();
