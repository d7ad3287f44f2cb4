/* SPDX-License-Identifier: LGPL-2.1-or-later */
"use strict";
const said = document.getElementById("said");
function select(element) {
	const range = document.createRange();
	range.selectNodeContents(element);
	const selection = getSelection();
	selection.removeAllRanges();
	selection.addRange(range);
}
async function copy(element) {
	try {
		await navigator.clipboard.writeText(element.textContent);
		return true;
	} catch (error) {
		select(element);
		return document.execCommand("copy");
	}
}
for (const button of document.querySelectorAll("button[data-copy]")) {
	button.hidden = false;
	button.addEventListener("click", async () => {
		const copied = await copy(document.getElementById(button.dataset.copy));
		button.textContent = copied ? "Copied" : "Selected";
		said.textContent = copied ? "Copied." : "Selected: copy it now.";
		setTimeout(() => { button.textContent = "Copy"; said.textContent = ""; }, 2500);
	});
}
