"""PDF files for tests, written by hand: one content stream a page, Helvetica."""


def pdf_file(*streams: str, encrypted: bool = False) -> bytes:
    """Return a PDF whose pages have these content streams."""
    count = len(streams)
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(count))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, stream in enumerate(streams):
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {5 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    trailer = f"/Size {len(objects) + 1} /Root 1 0 R" + (" /Encrypt 1 0 R" if encrypted else "")
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< {trailer} >>\n"
    return body + f"{head}startxref\n{len(body)}\n%%EOF\n".encode("latin-1")


def shown(*lines: str, setting: str = "") -> str:
    """Return a content stream that shows lines below each other, after some setting."""
    moves = " ".join(f"({line}) Tj 0 -16 Td" for line in lines)
    return f"BT /F1 11 Tf {setting} 72 700 Td {moves} ET"
