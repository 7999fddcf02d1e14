// Tells how many messages an SMS takes. Without JavaScript there is simply no counter.
(() => {
  const GSM = /^[\n\r A-Za-z0-9@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ!"#¤%&'()*+,\-./:;<=>?¡ÄÖÑÜ§¿äöñüà^{}\\[~\]|€]*$/;
  for (const field of document.querySelectorAll("[data-sms-counter]")) {
    const line = document.createElement("p");
    line.className = "hint counter";
    field.after(line);
    const count = () => {
      const text = field.value;
      const plain = GSM.test(text);
      const length = plain ? text.length + (text.match(/[\^{}\\[~\]|€]/g) || []).length : text.length;
      const [single, joined] = plain ? [160, 153] : [70, 67];
      const parts = length <= single ? Math.min(length, 1) : Math.ceil(length / joined);
      line.textContent = `${length} characters, ${parts} ${parts === 1 ? "message" : "messages"}`;
    };
    field.addEventListener("input", count);
    count();
  }
})();
