// Clicking the icon beside an id copies the full id.
document.addEventListener("click", (event) => {
    const sign = event.target.closest("[data-copy]");
    if (!sign || !navigator.clipboard) return;
    event.preventDefault();
    navigator.clipboard.writeText(sign.dataset.copy).then(() => {
        sign.textContent = "check";
        setTimeout(() => { sign.textContent = "content_copy"; }, 1200);
    });
});
