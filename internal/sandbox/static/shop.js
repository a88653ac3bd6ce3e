// Sends the browser to the issuer, and comes back out of the frame.
document.getElementById("creq")?.submit();
if (window.top !== window) {
  const back = document.getElementById("top");
  if (back) window.top.location.href = back.href;
}
