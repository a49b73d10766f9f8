// Finds the literal error codes in TypeScript sources.
import { readFileSync } from 'node:fs';
import ts from 'typescript';

const isCode = (text) => /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(text);

/** String literals in an expression or type: itself, or what unions, conditions and parentheses hold. */
function literalsIn(node) {
  if (node === undefined) return [];
  if (ts.isStringLiteral(node)) return [node.text];
  if (ts.isLiteralTypeNode(node)) return literalsIn(node.literal);
  if (ts.isParenthesizedTypeNode(node)) return literalsIn(node.type);
  if (ts.isUnionTypeNode(node)) return node.types.flatMap(literalsIn);
  if (ts.isConditionalExpression(node)) return [...literalsIn(node.whenTrue), ...literalsIn(node.whenFalse)];
  if (ts.isParenthesizedExpression(node)) return literalsIn(node.expression);
  return [];
}

/**
 * Codes stand in four places: the first argument of `new SomethingError(...)`, of `super(...)` in such a class, a type
 * named `...ErrorCode`, and the type of a parameter or property named `code`.
 */
function codesAt(node) {
  if (ts.isNewExpression(node) && /Error$/.test(node.expression.getText())) return literalsIn(node.arguments?.[0]);
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword)
    return literalsIn(node.arguments[0]);
  if (ts.isTypeAliasDeclaration(node) && /ErrorCode$/.test(node.name.text)) return literalsIn(node.type);
  const named = ts.isParameter(node) || ts.isPropertyDeclaration(node) || ts.isPropertySignature(node);
  if (named && node.name.getText() === 'code') return literalsIn(node.type);
  return [];
}

/** Error codes of one source file, sorted. */
export function errorCodesIn(file, text = readFileSync(file, 'utf8')) {
  const codes = new Set();
  const visit = (node) => {
    for (const code of codesAt(node)) if (isCode(code)) codes.add(code);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return [...codes].sort();
}
