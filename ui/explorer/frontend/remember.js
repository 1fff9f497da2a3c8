// Keeps the name for the browser session, in a cookie that no other site is sent.
export default function remember({ data }) {
  if (!data.value) return;
  const value = encodeURIComponent(data.value);
  document.cookie = `${data.cookie}=${value}; path=/; SameSite=Strict`;
}
